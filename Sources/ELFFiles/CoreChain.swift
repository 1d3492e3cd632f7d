import CheckpointRestore
import Glibc

/// Follows an incremental image to its parents, in the folder the file is in.
public func readCore(
  _ core: CoreFile, at path: String, limits: ELFLimits = .standard
) throws(ELFError) -> CheckpointImage {
  var chain = [core.image]
  let folder = split(path).directory
  while let parent = chain[chain.count - 1].parent {
    if chain.count >= limits.coreChain {
      throw .tooLarge(what: "number of parents", size: UInt64(chain.count), limit: UInt64(limits.coreChain))
    }
    let found = try parentPath(parent, in: folder)
    let next: CoreFile
    do throws(ELFError) { next = try readCoreFile(found, limits: limits) } catch {
      throw .missingParent(name: parent.name, generation: parent.generation, reason: "\(found): \(error)")
    }
    chain.append(next.image)
  }
  var whole = chain.removeLast()
  while var image = chain.popLast() {
    try fill(&image, from: whole)
    whole = image
  }
  return whole
}

/// Takes what an image has in its parent from there. The two are paired by badge: within one chain the component is the
/// same, and so are its dataspaces.
private func fill(_ image: inout CheckpointImage, from parent: CheckpointImage) throws(ELFError) {
  for index in image.dataspaces.indices where image.dataspaces[index].pages.pages(.inParent) > 0 {
    let dataspace = image.dataspaces[index]
    guard
      let before = parent.dataspaces.first(where: {
        $0.badge == dataspace.badge && $0.size == dataspace.size && $0.provenance == .captured
      })
    else {
      throw .inconsistent("its parent has no dataspace with badge \(ELFError.hexadecimal(dataspace.badge))")
    }
    var page: UInt64 = 0
    for run in dataspace.pages {
      let end = page + run.count
      if run.provenance == .inParent {
        let first = min(page * pageBytes, UInt64(dataspace.contents.count))
        let last = min(end * pageBytes, UInt64(dataspace.contents.count), UInt64(before.contents.count))
        if first < last {
          let range = Int(first)..<Int(last)
          image.dataspaces[index].contents.replaceSubrange(range, with: before.contents[range])
        }
      }
      page = end
    }
  }
}

/// The file with the parent's identity: under one of the names it is usually given, or any other.
private func parentPath(_ parent: ParentImage, in folder: String) throws(ELFError) -> String {
  let usual = [CoreStore.newestName(of: parent.name), CoreStore.name(of: parent.name, generation: parent.generation)]
  let names = try fileNames(in: folder).filter { $0.hasSuffix(CoreStore.suffix) }
  for name in usual.filter({ names.contains($0) }) + names.filter({ !usual.contains($0) })
  where identity(ofFile: "\(folder)/\(name)") == parent.digest {
    return "\(folder)/\(name)"
  }
  let other = usual.contains { names.contains($0) } ? ", the file of that name is another one" : ""
  throw .missingParent(
    name: parent.name, generation: parent.generation, reason: "no image in \(folder) has its digest\(other)")
}

/// The identity at the end of a file; nil if it is no core file of ours, or cannot be read.
private func identity(ofFile path: String) -> String? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  if descriptor < 0 { return nil }
  defer { close(descriptor) }
  var status = stat()
  let length = Int(CoreDigest.noteBytes)
  guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) >= length else {
    return nil
  }
  var bytes = [UInt8](repeating: 0, count: length)
  let count = pread(descriptor, &bytes, length, off_t(Int(status.st_size) - length))
  return count == length ? CoreDigest.identity(inTail: bytes) : nil
}
