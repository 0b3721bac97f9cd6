import Foundation
import TensorIO

extension FileError {
  /// A refusal of the file system to create or change what is at `url`.
  package init(_ error: CocoaError, creating url: URL) {
    self.init(
      .create, path: url.path, code: (error.underlying as? POSIXError)?.code.rawValue ?? EIO)
  }
}
