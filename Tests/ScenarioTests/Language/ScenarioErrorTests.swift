import Foundation
import Testing

@testable import Scenarios

/// One change to a good scenario, and everything that must be said about it.
struct Mistake: Sendable, CustomTestStringConvertible {
  var file = "sheep-counter"
  var old: String
  var new: String
  var messages: [String]

  init(_ old: String, _ new: String, _ messages: String..., file: String = "sheep-counter") {
    (self.old, self.new, self.messages, self.file) = (old, new, messages, file)
  }

  var testDescription: String { new }
}

@Suite struct ScenarioErrorTests {
  static let mistakes = [
    // Units and values.
    Mistake("\"1s\"", "\"1x\"", "13:22: \"1x\" has the unit `x`; a duration has `ps`, `ns`, `us`, `ms`, `s` or `min`"),
    Mistake("\"1s\"", "\"10\"", "13:22: \"10\" has no unit; a duration has `ps`, `ns`, `us`, `ms`, `s` or `min`"),
    Mistake("\"1s\"", "\"soon\"", "13:22: expected a duration such as \"250us\", found \"soon\""),
    Mistake("\"1s\"", "1", "13:22: expected a duration such as \"250us\", found the number 1"),
    Mistake("\"1MiB\"", "\"1MB\"", "6:39: \"1MB\" has the unit `MB`; a size has `B`, `KiB`, `MiB` or `GiB`"),
    Mistake("\"1MiB\"", "-5", "6:39: -5 is out of range; expected a whole number from 0"),
    Mistake("\"1MiB\"", "\"0B\"", "6:39: this size must be more than 0"),
    Mistake("\"9s\"", "\"0.1ps\"", "19:13: \"0.1ps\" is no whole number of picoseconds"),
    Mistake("\"9s\"", "\"99999999s\"", "19:13: the duration \"99999999s\" does not fit into 64 bits"),
    Mistake("\"cores\": 1", "\"cores\": 65", "4:67: 65 is out of range; expected 1 to 64"),
    Mistake("\"cores\": 1", "\"cores\": 1.5", "4:67: 1.5 is out of range; expected 1 to 64"),
    Mistake("\"cores\": 1", "\"cores\": \"1\"", "4:67: expected a whole number (1 to 64), found the text \"1\""),
    Mistake(
      "\"800MB/s\"", "\"800MB\"",
      "25:65: \"800MB\" has the unit `MB`; a rate has `B/s`, `KB/s`, `MB/s`, `GB/s`, `KiB/s`, `MiB/s` or `GiB/s`",
      file: "control-loop"),
    // Keys and words.
    Mistake("\"sleep\": \"1s\"", "\"slep\": \"1s\"", "13:13: a statement has no key `slep`; did you mean `sleep`?"),
    Mistake(
      "\"sleep\": \"1s\"", "\"sleep\": \"1s\", \"loud\": 1",
      "13:28: `sleep` has no key `loud`; it may have only `sleep`"),
    Mistake(
      "\"sleep\": \"1s\"", "\"sleep\": \"1s\", \"yield\": true",
      "13:28: a statement has one of these keys, found both `sleep` and `yield`"),
    Mistake(
      "\"deadline\"", "\"dedline\"", "18:28: `every` has no key `dedline`; did you mean `deadline`?",
      file: "control-loop"),
    Mistake(", \"as\": \"c1\"", "", "16:5: `checkpoint` needs the key `as`"),
    Mistake("\"kernel\": \"r67\", ", "", "4:14: `machine` needs the key `kernel`"),
    Mistake("\"r67\"", "\"r68\"", "4:51: \"r68\" is not known here; did you mean \"r67\"?"),
    Mistake("\"zynq-7020\"", "\"zinq-7020\"", "4:28: \"zinq-7020\" is not known here; did you mean \"zynq-7020\"?"),
    Mistake(
      "\"equivalent\"", "\"so so\"",
      "22:36: \"so so\" is not known here; expected \"equivalent\", \"harmless\", \"divergent\", "
        + "\"duplicated\", \"lost\", \"stuck\", \"crashed\" or \"late\""),
    Mistake("\"stop\": true", "\"stop\": 1", "19:27: expected true, found the number 1"),
    Mistake(
      "\"error 4\"", "\"eror 4\"",
      "29:38: \"eror 4\" is not known here; expected \"error 7 (any number)\", "
        + "\"no error\", \"page fault\" or \"exception\"",
      file: "reply-and-wait"),
    Mistake("Sheep counter survives a checkpoint", " ", "2:12: the text is empty"),
    Mistake(
      "\"name\": \"sheep_counter\"", "\"name\": \"2nd\"",
      "6:15: \"2nd\" is not possible here; expected letters, digits, `_`, `-`, `.` and spaces, "
        + "starting with a letter or `_`"
    ),
    Mistake(
      "[ { \"do\": \"g\" } ]", "3", "31:74: expected a list of statements, found the number 3", file: "every-genode-key"
    ),
    Mistake(
      "sheep + 1", String(repeating: "+", count: 5000), "11:35: this text has 5000 bytes; the limit is 4096"),
    Mistake(
      "{sheep} sheep", String(repeating: "{sheep}", count: 700), "12:20: this text has 4905 bytes; the limit is 4096"),
    // Scheduling.
    Mistake(
      "\"weight\": 1 }", "\"deadline\": \"3ms\" }",
      "9:44: `deadline` needs a kernel with \"scheduler\": \"fp-edf\"; `machine` has \"fp-wfq\"", file: "weights"),
    Mistake(
      "\"fp-wfq\"", "\"fixed-priority\"",
      "8:44: `weight` needs a kernel with \"scheduler\": \"fp-wfq\"; `machine` has \"fixed-priority\"",
      "9:44: `weight` needs a kernel with \"scheduler\": \"fp-wfq\"; `machine` has \"fixed-priority\"",
      file: "weights"),
    Mistake(
      "\"weight\": 1", "\"weight\": 1, \"deadline\": \"1ms\"",
      "9:57: `scheduling` has one of these keys, found both `weight` and `deadline`", file: "weights"),
    Mistake("\"weight\": 1 }", "\"weight\": 0 }", "9:54: 0 is out of range; expected 1 to 1000000", file: "weights"),
    Mistake(
      "\"scheduling\": { \"weight\": 1 }", "\"priority\": 2, \"scheduling\": { \"weight\": 1 }",
      "9:57: a thread has either `priority` or `scheduling`", file: "weights"),
    Mistake(
      "\"fp-wfq\"", "\"fp-wfq\", \"late threads\": \"last\"",
      "3:97: `late threads` needs a kernel with \"scheduler\": \"fp-edf\"; `machine` has \"fp-wfq\"",
      file: "weights"),
    // Names.
    Mistake(
      "sheep + 1", "sheeep + 1", "11:36: there is no variable `sheeep` in `sheep_counter`; did you mean `sheep`?"),
    Mistake(
      "{sheep} sheep", "\\u00e9{shep}", "12:28: there is no variable `shep` in `sheep_counter`; did you mean `sheep`?"),
    Mistake(
      "\"in\": \"flock\"", "\"in\": \"flok\"",
      "8:39: there is no dataspace `flok` in `sheep_counter`; did you mean `flock`?"),
    Mistake(
      "\"do\": \"regulate\"", "\"do\": \"control\"", "21:21: there is no function `control` in `controller`",
      file: "control-loop"),
    Mistake(
      "\"call\": \"sum\"", "\"call\": \"sun\"", "16:23: there is no service `sun`; did you mean `sum`?",
      file: "reply-and-wait"),
    Mistake(
      "\"interrupt\": 5", "\"interrupt\": 7",
      "33:45: nobody listens to interrupt 7: no `irq` capability has this number", file: "every-bare-key"),
    Mistake(
      "\"interrupt\": 5", "\"interrupt\": 0", "33:45: 0 is out of range; expected 1 to 94", file: "every-bare-key"),
    Mistake(
      "\"kill\": \"sheep_counter\"", "\"kill\": \"sheep_count\"",
      "17:31: there is no component `sheep_count`; did you mean `sheep_counter`?"),
    Mistake("\"restore\": \"c1\"", "\"restore\": \"c2\"", "18:34: there is no checkpoint `c2`; did you mean `c1`?"),
    Mistake("\"restored\": \"c1\"", "\"restored\": \"final\"", "22:19: there is no checkpoint `final`"),
    Mistake(
      "\"server/ep\"", "\"server/pe\"", "29:25: there is no thread `pe` in `server`; did you mean `ep`?",
      file: "reply-and-wait"),
    Mistake(
      "\"server/ep\"", "\"ep\"", "29:17: \"ep\" is not possible here; expected component/thread, with the `/`",
      file: "reply-and-wait"),
    Mistake(
      "\"job\": \"control\"", "\"job\": \"contrl\"", "31:29: there is no job `contrl`; did you mean `control`?",
      file: "control-loop"),
    Mistake(
      "\"call\": \"server\"", "\"call\": \"servr\"",
      "29:37: there is no capability `servr` in `client`; did you mean `server`?", file: "capability-spaces"),
    Mistake(
      "\"server/door\"", "\"server/dor\"", "25:53: there is no capability `dor` in `server`; did you mean `door`?",
      file: "capability-spaces"),
    Mistake(
      "\"pager_task/pager\"", "\"pager_task/page\"",
      "19:51: there is no thread `page` in `pager_task`; did you mean `pager`?", file: "page-fault-and-pager"),
    Mistake(
      "\"unlock\": \"mutex\"", "\"unlock\": \"mutx\"", "23:99: there is no lock `mutx` in `all`; did you mean `mutex`?",
      file: "every-genode-key"),
    Mistake(
      "&heap", "&heat", "44:57: there is no variable, dataspace or function `heat` in `all`; did you mean `heap`?",
      file: "every-genode-key"),
    Mistake(
      "\"name\": \"client\"", "\"name\": \"server\"",
      "11:15: the component `server` has a name that is taken since 6:15", "30:14: there is no component `client`",
      file: "reply-and-wait"),
    Mistake(
      "\"sheep\": { \"in\"", "\"flock\": 1, \"sheep\": { \"in\"",
      "8:22: the variable `flock` has a name that is taken since 7:23"),
    // Meaning.
    Mistake("\"5300ms\"", "\"1s\"", "18:30: `c1` is restored before it is taken (16:60)"),
    Mistake(
      "\"core\": 1, \"started\"", "\"core\": 9, \"started\"",
      "12:60: there is no core 9; `machine` has 4 cores, counted from 0", file: "every-genode-key"),
    Mistake(
      "\"node\": 1", "\"node\": 2", "72:58: there is no node 2; `machine` has 2 nodes, counted from 0",
      file: "every-genode-key"),
    Mistake(
      "\"binary\":", "\"construct\": [], \"binary\":", "65:55: a component has either `binary` or `construct`",
      file: "every-genode-key"),
    Mistake(
      ", \"binary\": \"programs/opaque.elf\"", "", "65:5: nothing runs here; add `construct`, `threads` or `binary`",
      file: "every-genode-key"),
    Mistake("\"initial\": 0", "\"initial\": \"x\"", "8:60: expected a number that is known before the run, found `x`"),
    Mistake("{sheep}", "{sheep:octal}", "12:28: expected a format (decimal or hex), found `octal`"),
    Mistake("{sheep}", "{sheep", "12:21: expected `}` (write `{{` for a brace), found the end of the text"),
    Mistake("{sheep}", "sheep}", "12:26: expected `{` before it (write `}}` for a brace), found `}`"),
  ]

  @Test(arguments: mistakes + objectMistakes + coreMistakes)
  func `a mistake is told with its place and a way out`(mistake: Mistake) throws {
    let good = String(decoding: try Corpus.bytes(mistake.file), as: UTF8.self)
    let range = try #require(good.range(of: mistake.old))
    #expect(complaints(Array(good.replacingCharacters(in: range, with: mistake.new).utf8)) == mistake.messages)
  }

  @Test func `all mistakes of a file are reported with their lines`() throws {
    let bytes = try Corpus.bytes("five-mistakes", in: "bad")
    guard case .failure(let failure) = parseScenario(bytes: bytes, file: "five.json") else {
      Issue.record("the file was accepted")
      return
    }
    #expect(
      failure.description == """
        five.json:3:51: "r69" is not known here; did you mean "r67"?
            "machine": { "platform": "zynq-7020", "kernel": "r69" },
                                                            ^
        five.json:5:33: "1MB" has the unit `MB`; a size has `B`, `KiB`, `MiB` or `GiB`
              { "name": "counter", "ram": "1MB",
                                          ^
        five.json:8:18: there is no variable `cuont` in `counter`; did you mean `count`?
                  { "set": "cuont", "to": "count + 1" },
                           ^
        five.json:9:28: `every` has no key `dedline`; did you mean `deadline`?
                  { "every": "10ms", "dedline": "5ms", "do": [] },
                                     ^
        five.json:10:20: "10" has no unit; a duration has `ps`, `ns`, `us`, `ms`, `s` or `min`
                  { "sleep": "10" } ] } ]
                             ^
        """)
    #expect(
      failure.errors.map(\.path) == [
        "$.machine.kernel", "$.components[0].ram", "$.components[0].construct[0].set",
        "$.components[0].construct[1].dedline", "$.components[0].construct[2].sleep",
      ])
  }

  @Test func `more mistakes than a reader wants are counted`() {
    let keys = (0..<150).map { "\"key \($0)\": 1" }.joined(separator: ",")
    guard case .failure(let failure) = parseScenario(bytes: Array("{\(keys)}".utf8), file: "f") else { return }
    #expect(failure.errors.count == 100)
    #expect(failure.omitted == 53)
    #expect(failure.description.hasSuffix("f: and 53 more mistakes"))
  }

  @Test func `a long line is cut around the place, tabs keep the caret in place`() {
    let text = "\t{ \"title\": \"\(String(repeating: "x", count: 200))\", \"machin\": 1 }"
    guard case .failure(let failure) = parseScenario(bytes: Array(text.utf8), file: "f"),
      let lines = failure.errors.last?.description.split(separator: "\n")
    else { return }
    #expect(lines.count == 3)
    #expect(lines[1].count < 115)
    let caret = lines[2].count - 1
    #expect(Array(lines[1])[caret] == "1")
  }

  @Test func `files that are no scenarios are told apart`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stasis-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func message(_ path: String) -> String {
      guard case .failure(let failure) = loadScenario(path: path) else { return "accepted" }
      return failure.description.replacingOccurrences(of: folder.path, with: "D")
    }
    let empty = folder.appendingPathComponent("empty.json")
    try Data().write(to: empty)
    let large = folder.appendingPathComponent("large.json").path
    #expect(FileManager.default.createFile(atPath: large, contents: nil))
    // A hole: 100 MiB that nobody has to read or store.
    #expect(truncate(large, 100 << 20) == 0)
    #expect(message(folder.path) == "D: this is a directory, expected a scenario file")
    #expect(message(folder.path + "/none.json") == "D/none.json: there is no such file")
    #expect(message(empty.path) == "D/empty.json:1:1: the file is empty, expected a scenario in JSON")
    #expect(message(large) == "D/large.json: the file is 100 MiB large; the limit is 64 MiB")
    #expect(message("/dev/zero") == "/dev/zero: the file is larger than the limit of 64 MiB")
    let elf = folder.appendingPathComponent("program.json").path
    try Data([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]).write(to: URL(fileURLWithPath: elf))
    #expect(message(elf) == "D/program.json:1:1: this is not JSON: it starts with 7f 45 4c 46 (an ELF file)")
  }
}
