/// How much memory a model may take on this machine, and when it should give some back.
///
/// - ``MemorySnapshot`` says what can be had: of the machine, of the process's control groups
///   (versions one and two, with all above them), and within the limits of the process.
/// - ``MemoryAllowance`` is the rule: what is free by the tightest bound, less a reserve.
/// - ``MemoryWatch`` is asked between two tokens, and says when the weights should shrink or grow.
///
/// Whatever cannot be read is left out: nothing here fails.
public enum BSTKMemory {}
