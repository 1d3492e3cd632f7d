import Reports
import Testing
@testable import Scenarios
@Suite struct PrintSample {
  @Test func `shows`() {
    Swift.print(TextReport.text(of: SampleRecord.replyAndWait))
    Swift.print(TextReport.text(of: SampleRecord.replyAndWait, style: TextStyle(width: 70)))
    Swift.print(EncodedRun.document(of: SampleRecord.replyAndWait))
  }
}
