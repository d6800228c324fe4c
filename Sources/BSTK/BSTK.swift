@_exported public import BSTKCodec
@_exported public import BSTKFormat
@_exported public import BSTKStore
@_exported public import BSTKTransport
