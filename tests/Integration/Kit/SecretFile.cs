namespace Events.Tests.Integration.Kit;

/// <summary>Files with secrets as people have to keep them: for their owner alone.</summary>
internal static class SecretFile
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static void Write(string path, string text)
    {
        File.WriteAllText(path, text);
        Close(path);
    }

    public static async Task WriteAsync(string path, string text, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(path, text, cancellationToken);
        Close(path);
    }

    public static void Close(string path) => File.SetUnixFileMode(path, Own);

    /// <summary>Lets everybody on this machine read it.</summary>
    public static void Open(string path) => File.SetUnixFileMode(path, Own | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
}
