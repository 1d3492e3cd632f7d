import CheckpointRestore
import Simulation

extension Player {
  /// The checkpoints as the checkpointer holds them at the end, by name and generation.
  func images() -> [PlayedRun.Image] {
    cluster.first.programs.flatMap { hosted -> [PlayedRun.Image] in
      guard case .checkpointer(let checkpointer) = hosted.program else { return [] }
      let given = checkpointer.configuration.images.map(\.image)
      return checkpointer.checkpoints.flatMap { stored in
        let all = checkpointer.retired.filter { $0.name == stored.name } + [stored.image]
        return described(all, named: stored.name, isGiven: given.contains(stored.image)).map { image in
          var image = image
          image.group = stored.group
          return image
        }
      }
    }
  }

  /// With the run they come from, and their programs. The last records of a name are those of the images that are left.
  private func described(_ images: [CheckpointImage], named name: String, isGiven: Bool) -> [PlayedRun.Image] {
    let numbers = collector.imageEvents.filter { $0.checkpoint == name }.map(\.number).suffix(images.count)
    let components = run.scenario.components.map(\.name.text)
    return zip(images, isGiven ? images.map(\.origin.eventNumber) : Array(numbers)).map { image, number in
      var image = image
      if !isGiven {
        image.origin.scenarioDigest = run.scenario.digest
        image.origin.seed = run.scenario.seed
        image.origin.eventNumber = number
      }
      // A restored component may be called otherwise than its program.
      let index = components.firstIndex(of: image.romName) ?? components.firstIndex(of: image.componentName)
      let executable = index.map { run.machine.programs[$0].elf } ?? []
      return PlayedRun.Image(name: name, image: image, executable: executable)
    }
  }
}
