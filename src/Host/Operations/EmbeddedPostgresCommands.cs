using System.Globalization;

using Events.Application.Contracts;

namespace Events.Host.Operations;

/// <summary>
/// How PostgreSQL's programs are started on a cluster folder: under the server's account, and where that account cannot pass
/// the folders above it (a clone in <c>/root</c>), with the folder already open: a path through an open descriptor starts at
/// the folder itself, so nobody's permissions have to change and no mount is needed.
/// </summary>
internal sealed class EmbeddedPostgresCommands(
    IChildProcesses processes, EmbeddedPostgresPlace place, EmbeddedPostgresBinaries binaries)
{
    /// <summary>
    /// Opens the folder as root, changes the account, asks for the death signal again (the change forgets it), and checks that
    /// the host is still the parent. Every step is an exec: it stays one process from the host to postgres.
    /// </summary>
    private const string WithOpenFolder =
        "exec 8<\"$1\" || exit 126; shift; signal=$1 user=$2 group=$3 host=$4; shift 4; "
        + "exec setpriv --pdeathsig \"$signal\" --reuid \"$user\" --regid \"$group\" --clear-groups -- "
        + "sh -c '[ \"$PPID\" = \"$1\" ] || exit 125; shift; exec \"$@\"' sh \"$host\" \"$@\"";

    /// <summary>Where a process started that way finds the folder; the server's own children inherit it.</summary>
    private const string OpenFolder = "/proc/self/fd/8";

    /// <summary>
    /// Copies each finished file of the write-ahead log to the folder that the file <c>archive-to</c> in the cluster names, if
    /// there is one: so that backups begin and end without a restart. PostgreSQL runs it in the cluster's folder, and again until
    /// it succeeds.
    /// </summary>
    private const string ArchiveCommand =
        "[ ! -f archive-to ] || { d=$(cat archive-to) && { cmp -s \"%p\" \"$d/%f\" || { [ ! -e \"$d/%f\" ] "
        + "&& cp \"%p\" \"$d/%f.part\" && sync \"$d/%f.part\" && mv \"$d/%f.part\" \"$d/%f\"; }; }; }";

    /// <summary>What keeps every acknowledged commit through a power cut, and a small footprint (20 MB).</summary>
    private static readonly string[] ServerSettings =
    [
        "fsync=on", "synchronous_commit=on", "full_page_writes=on",
        "listen_addresses=", "unix_socket_permissions=0700",
        "shared_buffers=32MB", "max_connections=100", "jit=off",
        "logging_collector=off", "log_destination=stderr", "log_timezone=UTC", "timezone=UTC",
        "log_line_prefix=%m [%p] ",
        "archive_mode=on", "archive_command=" + ArchiveCommand,
    ];

    /// <summary>initdb takes half a second; a slow disk may need a hundred times that.</summary>
    private static readonly TimeSpan InitdbTimeMax = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan ReachTimeMax = TimeSpan.FromSeconds(10);

    /// <summary>Starts the server in the foreground; it ends by a fast shutdown when this process dies.</summary>
    public IChildProcess StartServer(bool isReachable)
    {
        string[] arguments =
        [
            "-k", place.RuntimeFolder,
            "-p", EmbeddedPostgresPlace.Port.ToString(CultureInfo.InvariantCulture),
            .. ServerSettings.Append("cluster_name=" + place.Mark).SelectMany(setting => new[] { "-c", setting }),
        ];
        return Start(binaries.Postgres, place.ClusterPath, isReachable, "INT", arguments);
    }

    /// <summary>
    /// Whether the server's account can get to a folder. Asked of the kernel: there are also access lists and mounts.
    /// </summary>
    public async Task<bool> CanReachAsync(string folder, CancellationToken cancellationToken)
    {
        if (place.Account is null)
        {
            return true;
        }

        await using var child = processes.Start(new ChildProcessSpec(
            "sh", ["-c", "cd \"$1\"", "sh", folder], RunAs: place.Account, WorkingDirectory: "/"));
        return await child.Exited.WaitAsync(ReachTimeMax, cancellationToken) == 0;
    }

    /// <summary>Makes a cluster in an empty folder that belongs to the server's account.</summary>
    /// <exception cref="StartRefusedException">initdb failed; the message holds what it said.</exception>
    public async Task InitializeAsync(string folder, bool isReachable, CancellationToken cancellationToken)
    {
        var said = await RunInitdbAsync(folder, isReachable, "C.UTF-8", cancellationToken);
        if (said?.Contains("locale", StringComparison.OrdinalIgnoreCase) == true)
        {
            // Rare systems lack C.UTF-8; C sorts the same way.
            said = await RunInitdbAsync(folder, isReachable, "C", cancellationToken);
        }

        if (said is not null)
        {
            throw new StartRefusedException($"PostgreSQL's initdb failed in {folder}:\n{said}{HintFor(isReachable)}");
        }
    }

    /// <summary>What to do about a barred way to the cluster; empty when the way was free.</summary>
    public string HintFor(bool isReachable) => isReachable
        ? ""
        : $"\nPostgreSQL runs as user {place.Account?.UserId}, which cannot enter {place.FirstBarrier() ?? place.ClusterPath}, "
            + "and the way around it did not work here. Name a data folder that it can reach with --data "
            + $"(e.g. /var/lib/events), or allow passing: chmod o+x {place.FirstBarrier() ?? place.ClusterPath}";

    private async Task<string?> RunInitdbAsync(
        string folder, bool isReachable, string locale, CancellationToken cancellationToken)
    {
        string[] arguments =
        [
            "--username=events", "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=" + locale,
            "--data-checksums", "--no-instructions",
        ];
        await using var child = Start(binaries.Initdb, folder, isReachable, "KILL", arguments);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(InitdbTimeMax);
        using var output = new StreamReader(child.Output);
        using var error = new StreamReader(child.Error);
        var said = await Task.WhenAll(output.ReadToEndAsync(bound.Token), error.ReadToEndAsync(bound.Token));
        var code = await child.Exited.WaitAsync(bound.Token);
        return code == 0 ? null : $"{said[1].Trim()}\n(exit code {code})";
    }

    private IChildProcess Start(string program, string cluster, bool isReachable, string deathSignal, string[] arguments)
    {
        if (isReachable)
        {
            return processes.Start(new ChildProcessSpec(
                program, ["-D", cluster, .. arguments], deathSignal, place.Account, WorkingDirectory: "/"));
        }

        var account = place.Account ?? new RunAs(UnixFiles.OwnUserId, UnixFiles.OwnGroupId);
        string[] opening =
        [
            "-c", WithOpenFolder, "sh", cluster, deathSignal, Text(account.UserId), Text(account.GroupId),
            Environment.ProcessId.ToString(CultureInfo.InvariantCulture), program, "-D", OpenFolder,
        ];
        return processes.Start(new ChildProcessSpec("sh", [.. opening, .. arguments], deathSignal, WorkingDirectory: "/"));
    }

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
