import Glibc

/// Reads a whole regular file.
///
/// The kind of file is asked first and the open does not block, so that a pipe or a device named by mistake is
/// refused instead of waited for. The limit holds even for a file that grows while it is read.
public func readFile(_ path: String, limit: UInt64 = ELFLimits.standard.fileBytes) throws(ELFError) -> [UInt8] {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  if descriptor < 0 { throw .file(path: path, step: .open, errorNumber: errno) }
  defer { close(descriptor) }
  var status = stat()
  if fstat(descriptor, &status) != 0 { throw .file(path: path, step: .inspect, errorNumber: errno) }
  if status.st_mode & S_IFMT != S_IFREG { throw .notARegularFile(path: path) }
  if UInt64(status.st_size) > limit { throw .tooLarge(what: path, size: UInt64(status.st_size), limit: limit) }
  return try readAll(descriptor, path: path, expecting: Int(status.st_size), limit: limit)
}

/// Reads from the start to the end of the file, whatever its position; `expecting` only sizes the buffer.
func readAll(_ descriptor: Int32, path: String, expecting: Int, limit: UInt64) throws(ELFError) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: expecting + 1)
  var filled = 0
  while true {
    let count = bytes.withUnsafeMutableBytes { buffer in
      pread(descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, off_t(filled))
    }
    if count < 0 && errno == EINTR { continue }
    if count < 0 { throw .file(path: path, step: .read, errorNumber: errno) }
    if count == 0 { break }
    filled += count
    if UInt64(filled) > limit { throw .tooLarge(what: path, size: UInt64(filled), limit: limit) }
    if filled == bytes.count { bytes.append(contentsOf: repeatElement(0, count: bytes.count)) }
  }
  bytes.removeLast(bytes.count - filled)
  return bytes
}

/// Puts a file with these bytes at `path`, or leaves what was there: nobody ever sees half a file.
public func replaceFile(_ path: String, with bytes: [UInt8]) throws(ELFError) {
  var replacement = try FileReplacement(of: path)
  try replacement.write(bytes)
  try replacement.commit()
}

/// A file that is written piece by piece and takes its name when it is complete; until then, and if it never is, what
/// was there stays.
///
/// The bytes go to a temporary file in the same directory, are forced to the disk, and take the name in one
/// step; the directory is forced to the disk too, or the name could be lost with a power failure.
public struct FileReplacement: ~Copyable {
  private let descriptor: Int32
  private let temporary: String
  private let path: String
  private var isCommitted = false

  public init(of path: String) throws(ELFError) {
    self.path = path
    (descriptor, temporary) = try openTemporary(for: path)
  }

  deinit {
    close(descriptor)
    if !isCommitted { unlink(temporary) }
  }

  public mutating func write(_ bytes: [UInt8]) throws(ELFError) {
    try withBuffer(bytes) { (buffer) throws(ELFError) in try writeAll(buffer, to: descriptor, path: temporary) }
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(ELFError) {
    try writeAll(bytes, to: descriptor, path: temporary)
  }

  /// Nothing may be written afterwards.
  public mutating func commit() throws(ELFError) {
    try synchronize()
    try takeName()
    try synchronizeDirectory(of: path)
  }

  // The steps of `commit`: a process may end between any two of them.

  func synchronize() throws(ELFError) {
    if fsync(descriptor) != 0 { throw .file(path: temporary, step: .synchronize, errorNumber: errno) }
  }

  mutating func takeName() throws(ELFError) {
    if rename(temporary, path) != 0 { throw .file(path: path, step: .rename, errorNumber: errno) }
    isCommitted = true
  }
}

/// Two writers of one name must not share a temporary file, and a file left behind by a crash must not block.
private func openTemporary(for path: String) throws(ELFError) -> (descriptor: Int32, path: String) {
  let (directory, name) = split(path)
  var last: Int32 = EEXIST
  for attempt in 0..<100 {
    let temporary = "\(directory)/.\(name).tmp.\(getpid()).\(attempt)"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if descriptor >= 0 { return (descriptor, temporary) }
    last = errno
    if last != EEXIST { break }
  }
  throw .file(path: path, step: .open, errorNumber: last)
}

private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws(ELFError) {
  var written = 0
  while written < bytes.count {
    let count = write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
    if count < 0 && errno == EINTR { continue }
    if count < 0 { throw .file(path: path, step: .write, errorNumber: errno) }
    written += count
  }
}

private func synchronizeDirectory(of path: String) throws(ELFError) {
  let directory = split(path).directory
  let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  if descriptor < 0 { throw .file(path: directory, step: .open, errorNumber: errno) }
  defer { close(descriptor) }
  // Some file systems cannot synchronize a directory; there the rename is as durable as it gets.
  if fsync(descriptor) != 0 && errno != EINVAL {
    throw .file(path: directory, step: .synchronize, errorNumber: errno)
  }
}

func split(_ path: String) -> (directory: String, name: String) {
  guard let slash = path.lastIndex(of: "/") else { return (".", path) }
  let directory = slash == path.startIndex ? "/" : String(path[..<slash])
  return (directory, String(path[path.index(after: slash)...]))
}

/// Names of what is in a folder, sorted by their bytes: the order of a directory means nothing.
func fileNames(in folder: String) throws(ELFError) -> [String] {
  guard let stream = opendir(folder) else { throw .file(path: folder, step: .open, errorNumber: errno) }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    names.append(
      withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      })
  }
  return names.filter { $0 != "." && $0 != ".." }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// Whether the path names a folder.
public func isFolder(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
