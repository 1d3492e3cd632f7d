import ELFFiles
import FiascoKernel
import FiascoMachine
import Simulation

/// A machine whose first task is the given executable (K9).
public func bootedSystem(
  executable: ExecutableImage, profile: KernelProfile, platform: PlatformProfile, cores: Int = 1
) -> System {
  let segments = executable.segments.map { BootImage.Segment(address: $0.address, bytes: $0.fileBytes) }
  return System(
    booting: BootImage(entry: executable.entry, segments: segments), profile: profile, platform: platform,
    cores: cores)
}
