import CheckpointRestore
import Determinism
import ELFFiles

/// Which checkpoints of a folder can be used, and what is wrong with the others.
public enum FolderReport {
  public static func text(of folder: CoreFolder, style: TextStyle = TextStyle()) -> String {
    var layout = TextLayout(style: style)
    var rows: [[String]] = []
    for (index, entry) in folder.entries.enumerated() {
      switch entry.image {
      case .success(let image):
        let parent = image.parent.map { "goes on from \($0.name), generation \($0.generation)" } ?? "full"
        let note = index == folder.newest ? "newest complete image; \(parent)" : parent
        rows.append([entry.name, "generation \(image.generation)", "\(taken(image))", note])
      case .failure(let error): rows.append([entry.name, "refused", "", "\(error)"])
      }
    }
    rows += folder.unfinished.map { [$0, "unfinished", "", "a writer ended before it was complete"] }
    layout.list("images", rows)
    return layout.text
  }

  private static func taken(_ image: CheckpointImage) -> Instant { Instant(picoseconds: image.takenAtPicoseconds) }
}
