namespace Events.Host.Settings;

/// <summary>Settings are wrong. Holds everything that is, so that one look is enough.</summary>
internal sealed class SettingsException(IReadOnlyList<string> errors) : Exception(string.Join('\n', errors))
{
    /// <summary>What the program ends with.</summary>
    public const int ExitCode = 2;

    /// <summary>Each names the key, where it was set, and the fix. None shows a secret.</summary>
    public IReadOnlyList<string> Errors => errors;
}
