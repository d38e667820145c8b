using System.Globalization;
using Events.Host.Control;
using Spectre.Console;
using static System.FormattableString;

namespace Events.Host.Cli;

/// <summary>Lists as people read them, or as JSON for programs.</summary>
internal static class Tables
{
    public static void Cameras(IReadOnlyList<CameraRow> cameras, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(cameras, ControlJson.Default.IReadOnlyListCameraRow);
            return;
        }

        Write(
            ["camera", "name", "status", "picture", "source", "id"],
            cameras.Select(camera => new[]
            {
                camera.Camera,
                camera.Name,
                camera.Trouble is { } why ? $"{camera.Status}: {why}" : camera.Status,
                camera.Resolution is { } size
                    ? string.Create(CultureInfo.InvariantCulture, $"{size} at {camera.Fps:0.##}/s")
                    : "-",
                camera.Source,
                camera.Id,
            }),
            "There are no cameras. Add one: ./events camera add --name Gate --source rtsp://10.0.0.5/main");
    }

    public static void Recordings(IReadOnlyList<RecordingRow> recordings, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(recordings, ControlJson.Default.IReadOnlyListRecordingRow);
            return;
        }

        Write(
            ["recording", "status", "seconds", "bytes", "frames", "segments", "hold", "id"],
            recordings.Select(row => new[]
            {
                row.Name,
                row.ShreddedAt is not null ? "Shredded" : row.Trouble is { } why ? $"{row.Status}: {why}" : row.Status,
                row.Seconds.ToString("0.0", CultureInfo.InvariantCulture),
                row.Bytes.ToString(CultureInfo.InvariantCulture),
                row.Frames.ToString(CultureInfo.InvariantCulture),
                row.Segments.ToString(CultureInfo.InvariantCulture),
                row.HeldFor ?? "-",
                row.Id,
            }),
            "There are no recordings.");
    }

    public static void Snapshot(SnapshotRow snapshot, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(snapshot, ControlJson.Default.SnapshotRow);
            return;
        }

        string status = snapshot.ShreddedAt is not null ? "Shredded" : snapshot.Status;
        Write(
            ["snapshot", "camera", "status", "bytes", "id"],
            [[snapshot.Name, snapshot.Camera, status, snapshot.Bytes.ToString(CultureInfo.InvariantCulture), snapshot.Id]],
            "There is no snapshot.");
    }

    /// <param name="none">What is said when there are none.</param>
    public static void Keys(
        IReadOnlyList<KeyRow> keys,
        bool isJson,
        string none = "There are no keys. Make one: ./events keys issue --role viewer --name \"Wall of screens\"")
    {
        if (isJson)
        {
            CommandLine.Print(keys, ControlJson.Default.IReadOnlyListKeyRow);
            return;
        }

        Write(
            ["name", "role", "scopes", "status", "cameras", "addresses", "calls/s", "expires", "uses", "id"],
            keys.Select(key => new[]
            {
                key.Name,
                key.Role,
                key.Scopes is { } scopes ? string.Join(' ', scopes) : "all",
                key.Reason is { } why ? $"{key.Status}: {why}" : key.Status,
                key.Cameras is { } cameras ? string.Join(' ', cameras) : "all",
                key.Addresses is { } addresses ? string.Join(' ', addresses) : "any",
                key.CallsPerSecond?.ToString(CultureInfo.InvariantCulture) ?? "any",
                key.ExpiresAt is { } at
                    ? at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)
                    : "never",
                key.UseCount.ToString(CultureInfo.InvariantCulture),
                key.Id,
            }),
            none);
    }

    public static void KeyStats(KeyStats stats) =>
        Write(
            ["what", "count"],
            [
                ["keys", Number(stats.Total)],
                .. stats.ByStatus.Select(one => new[] { one.Key, Number(one.Value) }),
                .. stats.ByRole.Select(one => new[] { $"for {one.Key}", Number(one.Value) }),
                ["uses", Number(stats.UseCount)],
                [
                    "last used",
                    stats.LastUsedAt?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "never",
                ],
            ],
            string.Empty);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static void Users(IReadOnlyList<UserRow> users, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(users, ControlJson.Default.IReadOnlyListUserRow);
            return;
        }

        Write(
            ["user", "role", "status", "cameras", "password", "second factor"],
            users.Select(user => new[]
            {
                user.Name,
                user.Role,
                user.Reason is { } why ? $"{user.Status}: {why}" : user.Status,
                user.Cameras is { } cameras ? string.Join(' ', cameras) : "all",
                user.MustChangePassword ? "to be changed" : "set",
                user.HasSecondFactor ? "codes" : "none",
            }),
            "There are no users. Make one: ./events users add --name ada --role operator");
    }

    public static void Status(StatusReport report, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(report, ControlJson.Default.StatusReport);
            return;
        }

        string position = report.LogPosition < 0 ? "unknown" : report.LogPosition.ToString(CultureInfo.InvariantCulture);
        Write(
            ["", ""],
            [
                ["status", report.Status],
                ["version", report.Version],
                ["up for", report.Uptime],
                ["JSON-RPC", report.WebSocket],
                ["health", report.Health],
                ["data folder", report.Data],
                ["installation", report.Installation],
                ["log position", position],
                .. report.Components.Select(part => new[] { part.Name, $"{part.Status}: {part.Message}" }),
            ],
            string.Empty);
    }

    public static void Retention(RetentionRow row, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(row, ControlJson.Default.RetentionRow);
            return;
        }

        Write(
            ["", ""],
            [
                ["policy", row.Policy == "none" || row.IsEnabled ? row.Policy : $"{row.Policy}, disabled"],
                ["greatest age", row.MaxAgeDays is { } days ? Invariant($"{days} days") : "-"],
                ["greatest size", row.MaxSizeGb is { } size ? Invariant($"{size:0.###} GB") : "-"],
                ["storage", Invariant($"{row.Storage}: the disk is {row.UsedPercent:0.0} % full")],
                ["recordings", Megabytes(row.RecordingsBytes)],
                ["snapshots", Megabytes(row.SnapshotsBytes)],
                ["under hold", Megabytes(row.HeldBytes)],
            ],
            string.Empty);
        Cleanups(row.Cleanups);
    }

    public static void Cleanup(CleanupRow row, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(row, ControlJson.Default.CleanupRow);
            return;
        }

        Cleanups([row]);
    }

    private static void Cleanups(IReadOnlyList<CleanupRow> cleanups) =>
        Write(
            ["cleanup", "by", "recordings", "snapshots", "freed", "through"],
            cleanups.Select(row => new[]
            {
                row.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                row.Trigger,
                row.Recordings.ToString(CultureInfo.InvariantCulture),
                row.Snapshots.ToString(CultureInfo.InvariantCulture),
                Megabytes(row.BytesFreed),
                row.IsComplete ? "yes" : "no, more is due",
            }),
            "There has been no cleanup.");

    private static string Megabytes(long bytes) =>
        Invariant($"{bytes / (1024.0 * 1024):0.0} MB");

    internal static void Write(string[] heads, IEnumerable<string[]> rows, string whenEmpty)
    {
        var table = new Table { Border = TableBorder.Simple, ShowHeaders = heads.Any(head => head.Length > 0) };
        foreach (string head in heads)
        {
            table.AddColumn(new TableColumn(Markup.Escape(head)) { NoWrap = true });
        }

        int count = 0;
        foreach (string[] row in rows)
        {
            table.AddRow([.. row.Select(cell => Markup.Escape(Terminal.OneLine(cell)))]);
            count++;
        }

        if (count == 0)
        {
            Console.Out.WriteLine(whenEmpty);
            return;
        }

        // Whole lines, for a program or a file, and for a narrow window, too: it may fold them, but ids and names stay whole.
        AnsiConsole.Profile.Width = 1_000;
        AnsiConsole.Write(table);
    }
}
