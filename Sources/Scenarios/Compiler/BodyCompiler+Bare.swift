extension BodyCompiler {
  func compileBare(_ statement: Statement) throws(Diagnostic) {
    throw unsupported("bare", at: statement.position)
  }
}
