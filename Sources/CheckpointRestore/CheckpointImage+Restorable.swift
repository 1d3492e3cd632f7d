import FiascoABI
import Genode

extension CheckpointImage {
  /// Why no component can be made of the image although it does not contradict itself: numbers that no checkpoint of a
  /// component has, as in a file that was written by hand. Nil if there is nothing to say against it.
  public var obstacleToRestore: String? {
    threadObstacle ?? memoryObstacle ?? capabilityObstacle ?? timerObstacle
  }

  private static let mostBytes: UInt64 = 1 << 47
  private static let mostPicoseconds: UInt64 = 1 << 62
  private static let mostMilliseconds: UInt64 = 1 << 52
  private static let mostText = 1024

  private var threadObstacle: String? {
    if threads.count > ComponentLayout.maxThreads { return "there are \(threads.count) threads" }
    for (index, thread) in threads.enumerated() {
      if thread.place >= ComponentLayout.maxThreads { return "thread \(index) has its UTCB outside the area for it" }
      if thread.priority > 255 { return "thread \(index) has priority \(thread.priority)" }
    }
    return nil
  }

  private var memoryObstacle: String? {
    let page = ComponentLayout.pageSize
    if ramQuota > Self.mostBytes { return "the component has \(ramQuota) bytes of RAM" }
    for (index, dataspace) in dataspaces.enumerated() where dataspace.size == 0 || dataspace.size % page != 0 {
      return "dataspace \(index) is not made of whole pages"
    }
    for (index, region) in regions.enumerated() where (region.address | region.size | region.offset) % page != 0 {
      return "region \(index) does not begin and end with a page"
    }
    for (index, region) in regions.enumerated() {
      let size = dataspaces[region.dataspaceIndex].size
      if region.offset > size || region.size > size - region.offset {
        return "region \(index) shows more than its dataspace has"
      }
    }
    return nil
  }

  private var capabilityObstacle: String? {
    for capability in capabilities where capability.slot >= capabilitySlotLimit {
      return "there is no capability slot \(capability.slot)"
    }
    if let place = capabilityMapPlace {
      let size = dataspaces[place.dataspace].size
      if place.offset % 8 != 0 || place.offset > size || CapMapLayout.size > size - place.offset {
        return "the capability map is not inside a dataspace"
      }
    }
    return nil
  }

  private var timerObstacle: String? {
    for (index, timer) in timers.enumerated() {
      let times = [timer.timeoutPicoseconds, timer.remainingPicoseconds ?? 0]
      if times.contains(where: { $0 > Self.mostPicoseconds }) || timer.elapsedMilliseconds > Self.mostMilliseconds {
        return "timer \(index) has times that no clock reaches"
      }
    }
    for session in sessions {
      let texts = [session.service, session.arguments] + session.upgrades
      if texts.contains(where: { $0.utf8.count > Self.mostText }) {
        return "a session has \(Self.mostText) letters or more"
      }
    }
    return nil
  }
}
