using System.Security.Cryptography;
using Events.Host.Operations;
using Microsoft.IdentityModel.Tokens;

namespace Events.Host.Security;

/// <summary>Secrets of this installation: made once, readable by the owner of the data folder alone.</summary>
internal static class KeyFiles
{
    private const int KeyBytes = 32;

    /// <returns>256 random bits, base64url; the same ones at every start.</returns>
    /// <exception cref="StartRefusedException">The file is there but others may read it, or it holds no key.</exception>
    public static string ReadOrMake(string path)
    {
        if (!File.Exists(path))
        {
            WriteOwnerOnly(path, Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(KeyBytes)));
        }

        string text = ReadOwnerOnly(path);
        return IsKey(text)
            ? text
            : throw new StartRefusedException($"The key file {path} does not hold a key. Put back the one from a backup.");
    }

    /// <exception cref="StartRefusedException">Others may read the file.</exception>
    public static string ReadOwnerOnly(string path) =>
        IsOpenToOthers(path)
            ? throw new StartRefusedException($"Others may read the key file {path}. Run: chmod 600 {path}")
            : File.ReadAllText(path).Trim();

    /// <summary>Whether others than its owner may read or write a file. One that is not there is open to nobody.</summary>
    public static bool IsOpenToOthers(string path)
    {
        const UnixFileMode others =
            UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        return File.Exists(path) && (File.GetUnixFileMode(path) & others) != 0;
    }

    private static bool IsKey(string text)
    {
        try
        {
            return Base64UrlEncoder.DecodeBytes(text).Length == KeyBytes;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>Writes beside the place and renames, so that nobody ever sees half a file or one with a wider mode.</summary>
    public static void WriteOwnerOnly(string path, string text)
    {
        string draft = $"{path}.{Environment.ProcessId}.new";
        using (var stream = new FileStream(draft, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            writer.WriteLine(text);
            writer.Flush();
            stream.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
        UnixFiles.SyncFolder(Path.GetDirectoryName(path)!);
    }
}
