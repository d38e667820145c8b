namespace Events.Host.Operations;

/// <summary>The host cannot start here and now. The message names the reason and the fix, and is all that is shown.</summary>
internal sealed class StartRefusedException(string message, Exception? inner = null) : Exception(message, inner);
