/// The expected text of reports on hand-made records; whoever changes the layout reads it here first.
enum ReportGoldens {
  static let replyAndWait = """
    """
}
