using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using Events.Application.Contracts;

namespace Events.Host.Operations;

/// <summary>Where the cluster and its socket are, and under which account the server runs.</summary>
/// <param name="Account">Null for our own account. PostgreSQL refuses to run as root.</param>
/// <param name="RuntimeFolder">
/// Short-lived, mode 0700, the server's own: holds the socket. Only that account and root can reach the socket, which is why the
/// server may trust whoever does: each of them could read the cluster's files as well.
/// </param>
/// <param name="Mark">A name for the server that tells it from every other one on this machine.</param>
internal sealed record EmbeddedPostgresPlace(string ClusterPath, RunAs? Account, string RuntimeFolder, string Mark)
{
    public const int Port = 5432;

    /// <summary>Of <c>sun_path</c>, less the closing zero.</summary>
    private const int SocketPathBytesMax = 107;

    private const int HashCharacters = 12;

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Decides, and makes the runtime folder.</summary>
    /// <exception cref="StartRefusedException">The account or a folder is not fit; the message says why.</exception>
    public static EmbeddedPostgresPlace Prepare(DataFolder data)
    {
        var account = AccountFor(data.PostgresPath);
        var owner = account?.UserId ?? UnixFiles.OwnUserId;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(data.FullPath)))[..HashCharacters];
        var runtime = RuntimeFolderFor(hash);
        if (Encoding.UTF8.GetByteCount($"{runtime}/.s.PGSQL.{Port}") > SocketPathBytesMax)
        {
            throw new StartRefusedException(
                $"The folder {runtime} is too long a path for a socket. Set XDG_RUNTIME_DIR to a shorter one.");
        }

        var place = new EmbeddedPostgresPlace(data.PostgresPath, account, runtime, "events-" + hash);
        place.MakeRuntimeFolder(owner);
        return place;
    }

    public void RemoveRuntimeFolder()
    {
        try
        {
            Directory.Delete(RuntimeFolder, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It holds nothing; the next start takes it over.
        }
    }

    /// <summary>
    /// The first folder on the way to the cluster that the server's account cannot pass; null when none is seen.
    /// </summary>
    public string? FirstBarrier()
    {
        var parts = ClusterPath.Split('/', StringSplitOptions.RemoveEmptyEntries)[..^1];
        var paths = parts.Select((_, index) => "/" + string.Join('/', parts[..(index + 1)]));
        return paths.FirstOrDefault(path => UnixFiles.Look(path) is { } folder && !MayPass(folder));
    }

    private bool MayPass(UnixFile folder)
    {
        var needed = folder.UserId == Account?.UserId ? UnixFileMode.UserExecute
            : folder.GroupId == Account?.GroupId ? UnixFileMode.GroupExecute
            : UnixFileMode.OtherExecute;
        return folder.Mode.HasFlag(needed);
    }

    /// <summary>
    /// As root: the account that owns the cluster already; else <c>postgres</c>, which distributions make for this purpose; else
    /// <c>nobody</c>, which is always there. An account of our own would have to be added to the machine's user list, and initdb
    /// refuses one that is not on it.
    /// </summary>
    private static RunAs? AccountFor(string clusterPath)
    {
        var owner = UnixFiles.Look(clusterPath);
        if (UnixFiles.OwnUserId != 0)
        {
            return owner is null || owner.UserId == UnixFiles.OwnUserId
                ? null
                : throw new StartRefusedException(
                    $"The PostgreSQL cluster {clusterPath} belongs to user {owner.UserId}. "
                    + "Start as root or as that user, or name another folder with --data (setting Data.Folder).");
        }

        if (owner is { UserId: not 0 })
        {
            return new RunAs(owner.UserId, owner.GroupId);
        }

        return ServerAccount();
    }

    /// <summary>Under which account a new cluster's server runs; null for our own.</summary>
    /// <exception cref="StartRefusedException">We are root, and there is none.</exception>
    public static RunAs? ServerAccount() =>
        UnixFiles.OwnUserId != 0 ? null
        : AccountNamed("postgres") ?? AccountNamed("nobody") ?? throw new StartRefusedException(
            "PostgreSQL does not run as root, and this machine has neither a user postgres nor a user nobody. "
            + "Add one (useradd --system postgres), or start as another user.");

    private static RunAs? AccountNamed(string name)
    {
        var fields = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).FirstOrDefault(line => line[0] == name);
        return fields is { Length: >= 4 }
            && uint.TryParse(fields[2], CultureInfo.InvariantCulture, out var user)
            && uint.TryParse(fields[3], CultureInfo.InvariantCulture, out var group)
            ? new RunAs(user, group)
            : null;
    }

    private static string RuntimeFolderFor(string hash)
    {
        if (UnixFiles.OwnUserId == 0 && Directory.Exists("/run"))
        {
            return "/run/events-" + hash;
        }

        return Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } own && Directory.Exists(own)
            ? Path.Combine(own, "events-" + hash)
            : $"/tmp/events-{UnixFiles.OwnUserId}-{hash}";
    }

    private void MakeRuntimeFolder(uint owner)
    {
        try
        {
            if (UnixFiles.Look(RuntimeFolder, followLink: false) is null)
            {
                Directory.CreateDirectory(RuntimeFolder, Private);
            }

            // In a folder that all may write to, somebody else may have been there first.
            var found = UnixFiles.Look(RuntimeFolder, followLink: false);
            if (found is not { IsFolder: true } || (found.UserId != owner && found.UserId != UnixFiles.OwnUserId))
            {
                throw new StartRefusedException(
                    $"{RuntimeFolder}, where PostgreSQL's socket belongs, is not ours. Remove it and start again.");
            }

            File.SetUnixFileMode(RuntimeFolder, Private);
            GiveToServer(RuntimeFolder);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(
                $"The folder {RuntimeFolder} for PostgreSQL's socket cannot be made: {failure.Message}", failure);
        }
    }

    /// <summary>Hands a file or folder to the server's account; nothing when that is ours.</summary>
    public void GiveToServer(string path)
    {
        if (Account is not null)
        {
            UnixFiles.GiveTo(path, Account.UserId, Account.GroupId);
        }
    }
}
