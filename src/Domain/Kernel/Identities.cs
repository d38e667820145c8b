namespace Events.Domain.Kernel;

/// <summary>
/// Identifies a camera for its whole life, across renames and source changes. UUID version 7, written hyphenated.
/// </summary>
public readonly record struct CameraId(Guid Value)
{
    public static CameraId New() => new(Guid.CreateVersion7());

    public override string ToString() => Value.ToString("d");
}

/// <summary>Identifies one recording. Chosen by the caller, so a retried request names the same recording.</summary>
public readonly record struct RecordingId(Guid Value)
{
    public static RecordingId New() => new(Guid.CreateVersion7());

    public override string ToString() => Value.ToString("d");
}

/// <summary>Identifies one snapshot. Chosen by the caller, so a retried request names the same picture.</summary>
public readonly record struct SnapshotId(Guid Value)
{
    public static SnapshotId New() => new(Guid.CreateVersion7());

    public override string ToString() => Value.ToString("d");
}

/// <summary>Identifies one cleanup. Chosen by the caller, so a retried request names the same one.</summary>
public readonly record struct CleanupId(Guid Value)
{
    public static CleanupId New() => new(Guid.CreateVersion7());

    public override string ToString() => Value.ToString("d");
}

/// <summary>Identifies one signing-in with all that is renewed from it.</summary>
public readonly record struct SessionId(Guid Value)
{
    public static SessionId New() => new(Guid.CreateVersion7());

    public override string ToString() => Value.ToString("d");
}

/// <summary>
/// Identifies a user for good, whatever becomes of the name. It says nothing about the person, so it stands in the log in clear.
/// </summary>
public readonly record struct UserId(Guid Value)
{
    private const string Prefix = "user-";

    public static UserId New() => new(Guid.CreateVersion7());

    /// <returns>Null unless it is what <see cref="Account"/> gives.</returns>
    public static UserId? OfAccount(string text) =>
        text.StartsWith(Prefix, StringComparison.Ordinal)
        && Guid.TryParseExact(text.AsSpan(Prefix.Length), "d", out Guid id)
        && text == new UserId(id).Account
            ? new UserId(id)
            : null;

    /// <summary>As facts name who caused them; the user's stream has the same name.</summary>
    public string Account => $"{Prefix}{Value:d}";

    public override string ToString() => Value.ToString("d");
}

/// <summary>What a person signs in as: given to one user at a time, and free again once that one is erased.</summary>
public readonly record struct UserName(string Value)
{
    /// <summary>In characters.</summary>
    public const int LengthMax = 64;

    /// <returns>Null unless it has 1 to 64 lower-case letters, digits, dots, hyphens and underscores.</returns>
    public static UserName? TryParse(string text) =>
        text.Length is > 0 and <= LengthMax
        && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-' or '_')
            ? new UserName(text)
            : null;

    public override string ToString() => Value;
}

/// <summary>Identifies one key of a program, through all its secrets. No secret itself.</summary>
public readonly record struct ApiKeyId(Guid Value)
{
    public static ApiKeyId New() => new(Guid.CreateVersion7());

    public override string ToString() => Value.ToString("d");
}

/// <summary>
/// What a camera is called on the wire: <c>camera0</c>, <c>camera1</c>. Given once and never reused, so that a name in an
/// old note or file never means another camera.
/// </summary>
public readonly record struct CameraNumber(int Value)
{
    private const string Prefix = "camera";

    /// <returns>Null unless <paramref name="text"/> is <c>camera</c> and a number without sign or leading zeros.</returns>
    public static CameraNumber? TryParse(string text) =>
        text.StartsWith(Prefix, StringComparison.Ordinal)
        && int.TryParse(text.AsSpan(Prefix.Length), System.Globalization.NumberStyles.None, null, out int value)
        && text == new CameraNumber(value).ToString()
            ? new CameraNumber(value)
            : null;

    /// <summary>Whether a text has the form of such a name, also one that no camera ever has, like <c>camera007</c>.</summary>
    public static bool IsName(string text) =>
        text.Length > Prefix.Length
        && text.StartsWith(Prefix, StringComparison.Ordinal)
        && !text.AsSpan(Prefix.Length).ContainsAnyExceptInRange('0', '9');

    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Prefix}{Value}");
}
