using System.Diagnostics;

namespace Events.Tests.Integration.Kit;

/// <summary>
/// PostgreSQL's programs as hosts find them, but for an <c>initdb</c> that unpacks what the real one made once: hundreds of hosts
/// start here, and each would make the same cluster anew, for over a second of CPU.
/// </summary>
internal static class PreparedClusters
{
    private static readonly Lazy<string?> Prepared = new(Prepare);

    /// <summary>For the variable <c>PATH</c>; null where there is no PostgreSQL, and a host says so itself.</summary>
    public static string? SearchPath => Prepared.Value;

    private static string? Prepare()
    {
        if (GivenPostgres.Binaries is not { } found)
        {
            return null;
        }

        // Links to some of the programs may lie in a folder of the path; the others lie beside what they lead to.
        string real = Path.GetDirectoryName(
            File.ResolveLinkTarget(Path.Combine(found, "initdb"), returnFinalTarget: true)?.FullName ?? Path.Combine(found, "initdb"))!;

        string folder = Directory.CreateTempSubdirectory("events-pg-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        string packed = Path.Combine(folder, "cluster.tar");
        // As the host makes its own (EmbeddedPostgresCommands), by an account that may.
        Run(
            $"""
            set -e
            mkdir {folder}/cluster
            become=
            if [ "$(id -u)" = 0 ]; then chown nobody {folder}/cluster; chmod 755 {folder}; become='setpriv --reuid=nobody --clear-groups'; fi
            cd /
            $become {real}/initdb -D {folder}/cluster --username=events --auth-local=trust --auth-host=reject \
                --encoding=UTF8 --locale=C.UTF-8 --data-checksums --no-instructions >&2
            tar -C {folder}/cluster -cf {packed} .
            rm -r {folder}/cluster
            chmod 644 {packed}
            for program in {real}/*; do ln -s "$program" {folder}/; done
            """);
        Write(
            Path.Combine(folder, "initdb"),
            $"""
            #!/bin/sh
            while [ "$1" != -D ]; do shift; done
            exec tar -xpf {packed} --no-same-owner -C "$2"
            """);
        // A link would lead hosts back to the real folder.
        Write(Path.Combine(folder, "postgres"), $"#!/bin/sh\nexec {real}/postgres \"$@\"");
        return $"{folder}:{Environment.GetEnvironmentVariable("PATH")}";
    }

    private static void Write(string path, string script)
    {
        File.Delete(path);
        File.WriteAllText(path, script + "\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    private static void Run(string script)
    {
        using Process shell = Process.Start(new ProcessStartInfo("sh", ["-c", script]) { RedirectStandardError = true })!;
        string said = shell.StandardError.ReadToEnd();
        shell.WaitForExit();
        if (shell.ExitCode != 0)
        {
            throw new InvalidOperationException($"No cluster could be prepared: {said}");
        }
    }
}
