extension ScenarioErrorTests {
  /// Names and keys of statements about objects of core.
  static let objectMistakes = [
    Mistake(
      "\"to\": \"gap\"", "\"to\": \"gapp\"", "49:36: there is no region map `gapp` in `all`; did you mean `gap`?",
      file: "every-genode-key"),
    Mistake(
      "\"pause\": \"helper\"", "\"pause\": \"helpr\"",
      "52:20: there is no thread `helpr` in `all`; did you mean `helper`?", file: "every-genode-key"),
    Mistake(
      "\"state\": \"gap\", \"fault\"", "\"state\": \"gap\", \"ip\"",
      "51:33: \"ip\" is not possible here; expected `fault` or `address` of a region map", file: "every-genode-key"),
    Mistake(
      "\"signal\": \"bell\" },\n        { \"exit\"", "\"signal\": \"belt\" },\n        { \"exit\"",
      "57:21: there is no signal `belt` in `all`; did you mean `bell`?", file: "every-genode-key"),
    Mistake(
      "\"upgrade\": \"RM\"", "\"upgrade\": \"ROM\"",
      "48:76: \"ROM\" is not known here; did you mean \"RAM\"?", file: "every-genode-key"),
    Mistake(
      "\"as\": \"other\", \"memory\"", "\"memory\"", "74:48: a `restore` of `memory` needs the key `as`",
      file: "every-genode-key"),
  ]

  /// What a scenario may say about core.
  static let coreMistakes = [
    Mistake(
      "115200baud", "115200", "7:133: \"115200\" has no unit; a baud rate has `baud`", file: "every-genode-key"),
    Mistake(
      "115200baud", "9600.5baud", "7:133: \"9600.5baud\" is no whole number of baud", file: "every-genode-key"),
    Mistake(
      "16.11", "16.12", "7:113: \"16.12\" is not known here; did you mean \"16.02\"?", file: "every-genode-key"),
    Mistake(
      "\"release\"", "\"relase\"", "7:102: `genode` has no key `relase`; did you mean `release`?",
      file: "every-genode-key"),
    Mistake(
      "\"runtime\": \"bare\",", "\"runtime\": \"bare\", \"genode\": {},",
      "4:32: `genode` belongs to scenarios with Genode", file: "every-bare-key"),
    Mistake(
      "\"to\": \"gap\", \"error\"", "\"error\"", "54:157: an `attach` with `error` needs the key `to`",
      file: "every-genode-key"),
  ]
}
