// Reads tasks, mappings, kernelUserAreas, frames: the spaces' part of the state digest.
import Determinism

extension Kernel {
  /// The tables themselves are in `memory`, which is digested as a whole.
  func digestSpaces(into digest: inout StateDigest) {
    tasks.digest(into: &digest) { task, digest in
      digest.combine(UInt64(task.boundThreads) << 1 | (task.isDead ? 1 : 0))
      digest.combine(Int(task.object.index))
      digest.combine(Int(task.payer.index))
      digest.combine(task.identityBase)
      digest.combine(task.identityEnd | UInt64(task.identityOrder.rawValue))
      digest.combine(Int(task.capabilityDirectory))
      digest.combine(Int(task.pageDirectory))
    }
    mappings.digest(into: &digest) { mapping, digest in
      digest.combine(Int(mapping.task.index))
      digest.combine(UInt64(mapping.page) << 32 | UInt64(UInt32(bitPattern: mapping.frame)))
      digest.combine(UInt64(UInt32(bitPattern: mapping.parent)) << 32 | UInt64(UInt32(bitPattern: mapping.firstChild)))
      digest.combine(UInt64(mapping.order.rawValue) << 8 | (mapping.hasSubmap ? 1 : 0))
      digest.combine(UInt64(UInt32(bitPattern: mapping.next)) << 32 | UInt64(UInt32(bitPattern: mapping.previous)))
    }
    kernelUserAreas.digest(into: &digest) { area, digest in
      digest.combine(Int(area.task.index))
      digest.combine(area.address)
      digest.combine(area.size)
    }
    frames.digest(into: &digest)
  }
}

extension FrameAllocator {
  func digest(into digest: inout StateDigest) {
    digest.combine(freeCount)
    for word in free { digest.combine(word) }
  }
}
