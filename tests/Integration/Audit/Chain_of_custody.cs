using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Events.Application;
using Events.Domain.Recordings;
using Events.Host.Audit.Custody;
using Events.Tests.Integration.Kit;
using Events.Tests.Integration.Security;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>The page of a real recording, read with poppler, as whoever gets it does.</summary>
public sealed partial class Chain_of_custody(House house) : IClassFixture<House>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task of_a_recording_says_who_did_what_and_when_with_the_proofs()
    {
        string folder = Directory.CreateTempSubdirectory("custody").FullName;
        string name = house.Recordings[0];
        (string secret, _) = await house.KeyAsync("--role", "viewer");
        Assert.Equal(System.Net.HttpStatusCode.OK, await house.GetWithAsync(secret, $"/files/recordings/{name}.mp4"));
        (await house.Host.CliAsync("recording", "hold", name, "--reason", "Case 2026-17 Überfall Łódź")).Ok();
        await Until.TrueAsync(
            async () => await house.Host.SqlAsync(
                $"select count(*) > 0 from events.mt_events where type = 'pictures_seen' and data->>'what' = '{name}.mp4'") == "t",
            TimeSpan.FromSeconds(30),
            "the download to be noted");

        string file = Path.Combine(folder, "custody.pdf");
        JsonElement row = JsonElement.Parse((await house.Host.CliAsync(
            "audit", "custody", "--recording", name, "--reason", "Court, file 7", "--out", file, "--format", "json")).Ok());
        Assert.Equal(row.GetProperty("facts").GetInt32(), row.GetProperty("proved").GetInt32());
        Assert.Equal(row.GetProperty("files").GetInt32(), row.GetProperty("filesWhole").GetInt32());
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(file, Token)));
        Assert.Equal(sha256, row.Text("sha256"));
        Assert.Equal(
            sha256,
            await house.Host.SqlAsync($"select data->>'manifestSha256' from events.mt_events where seq_id = {row.GetProperty("position")}"));

        // Text runs on at the ends of lines; a hash is whole without blanks.
        string text = Blanks().Replace((await Tool.RunAsync("pdftotext", ["-layout", file, "-"])).Ok(), " ");
        string id = await house.Host.SqlAsync(
            $"select data->>'recordingId' from events.mt_events where type = 'recording_requested' and data->>'name' = '{name}'");
        foreach (string words in new[]
        {
            "Chain of custody", $"Recording: {name} ({id})", "Reason: Court, file 7", "Recording requested", "First picture at", "Ended: Requested",
            "Legal hold placed: Case 2026-17 Überfall Łódź", $"{name}.mp4 fetched 1 times", "is the file that the fact describes", "by files",
        })
        {
            Assert.Contains(words, text, StringComparison.OrdinalIgnoreCase);
        }

        string solid = text.Replace(" ", string.Empty, StringComparison.Ordinal);
        await HoldsTheLeavesOfTheTreeAsync(solid);
        Assert.Contains((await house.Host.SqlAsync("select vkey from events_own.audit_key limit 1"))[..60], solid, StringComparison.Ordinal);

        // Drawn, it is no empty sheet; and pages are of one size.
        (await Tool.RunAsync("pdftoppm", ["-r", "40", "-gray", file, Path.Combine(folder, "page")])).Ok();
        byte[] drawn = await File.ReadAllBytesAsync(Directory.GetFiles(folder, "page*.pgm").Order().First(), Token);
        Assert.InRange(drawn.Count(pixel => pixel < 128), 500, drawn.Length / 2);

        // The next one tells of this one.
        string second = Path.Combine(folder, "second.pdf");
        (await house.Host.CliAsync("audit", "custody", "--recording", id, "--out", second)).Ok();
        Assert.Contains(sha256, Blanks().Replace((await Tool.RunAsync("pdftotext", [second, "-"])).Ok(), ""), StringComparison.Ordinal);
        Assert.Equal(2, (await house.Host.CliAsync("audit", "custody", "--recording", id, "--out", second)).ExitCode);
        Assert.Equal(2, (await house.Host.CliAsync("audit", "custody", "--recording", "nothing", "--out", second + "x")).ExitCode);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task of_a_recording_whose_file_was_changed_or_cannot_be_read_says_so()
    {
        string folder = Directory.CreateTempSubdirectory("custody").FullName;
        string name = house.Recordings[1];
        string path = Directory.GetFiles(Path.Combine(house.Host.Data, "recordings"), "*", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal).First(one => one.Contains(name, StringComparison.Ordinal));
        byte[] good = await File.ReadAllBytesAsync(path, Token);
        string file = Path.Combine(folder, "custody.pdf");
        try
        {
            await File.WriteAllBytesAsync(path, [.. good[..^1], (byte)(good[^1] ^ 1)], Token);
            CliResult changed = await house.Host.CliAsync("audit", "custody", "--recording", name, "--out", file);
            Assert.Equal(1, changed.ExitCode);
            Assert.Contains("IS ANOTHER FILE", (await Tool.RunAsync("pdftotext", ["-layout", file, "-"])).Ok(), StringComparison.Ordinal);

            // Nobody can read through a link to itself, whatever rights he has; that says nothing of the file.
            File.Delete(path);
            File.CreateSymbolicLink(path, path);
            CliResult unread = await house.Host.CliAsync("audit", "custody", "--recording", name, "--out", file + ".2");
            Assert.Equal(2, unread.ExitCode);
            Assert.Contains(" NOT READ", unread.Output, StringComparison.Ordinal);
            string page = (await Tool.RunAsync("pdftotext", ["-layout", file + ".2", "-"])).Ok();
            Assert.Contains("WAS NOT READ", Blanks().Replace(page, " "), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
            await File.WriteAllBytesAsync(path, good, Token);
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>That somebody fetched the recording, noted by another program whose transaction ended late.</summary>
    [Fact]
    public async Task of_a_recording_names_a_row_that_was_adopted_and_by_which_fact()
    {
        string folder = Directory.CreateTempSubdirectory("custody").FullName;
        string name = house.Recordings[1];
        string late = await house.Host.SqlAsync("select nextval('events.mt_events_sequence')");
        (await house.Host.CliAsync("recording", "hold", name, "--reason", "Case 2026-18")).Ok();
        await Until.TrueAsync(
            async () => await house.Host.SqlAsync($"select max(last_seq) > {late} from events_own.audit_head") == "t",
            TimeSpan.FromSeconds(30),
            "higher positions to be sealed");
        await house.Host.SqlAsync(
            $$"""
            insert into events.mt_events (seq_id, id, version, data, type, timestamp)
            values ({{late}}, gen_random_uuid(), 1, jsonb_build_object(
              'what', '{{name}}.mp4', 'node', 'gate', 'who', 'importer', 'way', 'files', 'from', '10.0.0.9', 'count', 3,
              'firstAt', '2026-03-01T11:55:00+00:00', 'lastAt', '2026-03-01T12:00:00+00:00', 'at', '2026-03-01T12:00:00+00:00'),
              'pictures_seen', now())
            """);
        JsonElement adopted = JsonElement.Parse((await house.Host.CliAsync(
            "audit", "adopt", "--position", late, "--reason", "The gate's own log", "--format", "json")).Ok());

        string file = Path.Combine(folder, "custody.pdf");
        JsonElement row = JsonElement.Parse((await house.Host.CliAsync(
            "audit", "custody", "--recording", name, "--reason", "Court, file 8", "--out", file, "--format", "json")).Ok());
        Assert.Equal(row.GetProperty("facts").GetInt32() - 1, row.GetProperty("proved").GetInt32());
        string solid = Blanks().Replace((await Tool.RunAsync("pdftotext", ["-layout", file, "-"])).Ok(), "");
        Assert.Matches(
            $"importerbyfilesposition{late}{Regex.Escape(name)}\\.mp4fetched3timesfrom10\\.0\\.0\\.9,.{{1,100}}"
            + $"innotree:itappearedlater,andthefactatposition{adopted.GetProperty("by")}adopteditandhasitshash",
            solid);
        Assert.DoesNotContain("notproved:", solid, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The trail has it, too, and of each person and camera apart, though the program notes several people's at once.</summary>
    [Fact]
    public async Task is_in_the_trail_with_who_looked_and_what_was_taken_out()
    {
        string folder = Directory.CreateTempSubdirectory("custody").FullName;
        (string recording, string snapshot) = (house.Recordings[0], house.Snapshots[0]);
        (string secret, string id) = await house.KeyAsync("--role", "viewer");
        (string other, string otherId) = await house.KeyAsync("--role", "viewer");
        await using Person person = await Person.MakeAsync(house.Host, house.Admin, "viewer");
        await house.GetWithAsync(secret, $"/files/recordings/{recording}.mkv");
        await house.GetWithAsync(secret, $"/files/snapshots/{snapshot}");
        await house.GetWithAsync(secret, "/live/camera0.jpg");
        await house.GetWithAsync(other, $"/files/snapshots/{house.Snapshots[1]}");
        await Until.TrueAsync(
            async () => await house.Host.SqlAsync(
                "select count(distinct data->>'what') from events.mt_events "
                + $"where type = 'pictures_seen' and data->>'who' in ('key-{id}', 'key-{otherId}')") == "4",
            TimeSpan.FromSeconds(30),
            "what was looked at to be noted");
        await Until.TrueAsync(
            async () => await house.Host.SqlAsync(
                "select count(*) > 0 from events.mt_events "
                + $"where type = 'access_granted' and data->>'who' = '{person.Account}'") == "t",
            TimeSpan.FromSeconds(30),
            "the sign-in to be noted");
        (await house.Host.CliAsync("audit", "export", "--camera", "camera0", "--out", Path.Combine(folder, "camera"))).Ok();
        string camera = await house.Host.SqlAsync(
            "select data->>'name' from events.mt_events where type = 'camera_registered' and data->>'number' = '0'");
        string at = await house.Host.SqlAsync(
            $"select min(seq_id) from events.mt_events where type = 'recording_requested' and data->>'name' = '{recording}'");
        (await house.Host.CliAsync("audit", "export", "--camera", camera, "--out", Path.Combine(folder, "named"))).Ok();
        (await house.Host.CliAsync(
            "audit", "export", "--camera", "camera0", "--from", at, "--to", at, "--out", Path.Combine(folder, "part"))).Ok();
        (await house.Host.CliAsync("audit", "export", "--from", at, "--to", at, "--out", Path.Combine(folder, "range"))).Ok();
        (await house.Host.CliAsync("audit", "export", "--from", "1", "--to", "1", "--out", Path.Combine(folder, "first"))).Ok();
        string page = Path.Combine(folder, "page");
        (await house.Host.CliAsync("audit", "custody", "--recording", recording, "--out", page)).Ok();
        string solid = Blanks().Replace((await Tool.RunAsync("pdftotext", ["-layout", page, "-"])).Ok(), "");
        string range = $"positions {at} to {at}";
        foreach (string scope in new[] { "camera camera0", $"camera {camera}", $"camera camera0; {range}", range })
        {
            Assert.Contains(Blanks().Replace($"Taken out: {scope} (", ""), solid, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("positions1to1", solid, StringComparison.Ordinal);

        string[] exports = ["log_exported local camera camera0", $"log_exported local chain of custody of recording {recording}"];
        string fetched = $"pictures_seen key-{id} {recording}.mkv";
        string[] seen = [$"pictures_seen key-{id} {snapshot}", $"pictures_seen key-{id} camera0"];
        string[] ofCamera = await TrailAsync("--camera", "camera0");
        Assert.Empty(exports.Append(fetched).Concat(seen).Except(ofCamera));
        Assert.Contains("camera_registered local -", ofCamera);
        string[] ofRecording = await TrailAsync("--recording", recording);
        Assert.Empty(exports.Append(fetched).Except(ofRecording));
        Assert.Empty(seen.Intersect(ofRecording));
        string[] ofKey = await TrailAsync("--user", $"key-{id}");
        Assert.Empty(seen.Append(fetched).Append($"access_granted key-{id} -").Except(ofKey));
        Assert.Contains($"access_granted {person.Name} -", await TrailAsync("--user", person.Name));
        Assert.DoesNotContain(
            ofCamera.Concat(ofRecording).Concat(ofKey), one => one.Contains(otherId, StringComparison.Ordinal));
        string text = (await house.Host.CliAsync("audit", "trail", "--camera", "camera0", "--user", $"key-{id}")).Ok();
        Assert.Contains($"key-{id} by live", text, StringComparison.Ordinal);
        Assert.Contains(" camera0", text, StringComparison.Ordinal);
        Assert.DoesNotContain("system by keeper", text, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void of_a_recording_has_words_for_each_of_its_facts()
    {
        JsonElement nothing = JsonElement.Parse("{}");
        string[] types =
        [
            .. EventTypes.Catalogue.Types
                .Where(type => type.FactType.IsAssignableTo(typeof(RecordingEvent)) || type.FactType.IsAssignableTo(typeof(RecorderEvent)))
                .Select(type => type.Alias),
        ];
        Assert.Equal(13, types.Length);
        Assert.All(types, type => Assert.NotEqual(type, CustodyWords.Of(type, nothing)));
    }

    /// <returns>Of each request itself: type, account and what, a hyphen for none.</returns>
    private async Task<string[]> TrailAsync(params string[] whose)
    {
        JsonElement trail = JsonElement.Parse((await house.Host.CliAsync(["audit", "trail", .. whose, "--format", "json"])).Ok());
        return
        [
            .. trail.GetProperty("requests").EnumerateArray().SelectMany(node => node.GetProperty("facts").EnumerateArray())
                .Select(fact => $"{fact.Text("type")} {TextOr(fact, "user")} {TextOr(fact, "what")}"),
        ];

        static string TextOr(JsonElement fact, string name) => fact.TryGetProperty(name, out JsonElement value) ? value.GetString()! : "-";
    }

    /// <summary>The leaves on the page are those that monitors get.</summary>
    private async Task HoldsTheLeavesOfTheTreeAsync(string page)
    {
        string token = await house.Host.TokenAsync("auditor");
        string note = System.Text.Encoding.UTF8.GetString(await house.Host.DownloadAsync("/audit/checkpoint", token));
        long size = long.Parse(note.Split('\n')[1], System.Globalization.CultureInfo.InvariantCulture);
        Match[] proved = [.. Leaves().Matches(page).Cast<Match>()];
        Assert.True(proved.Length >= 6, page);
        foreach (Match one in proved)
        {
            long index = long.Parse(one.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
            long width = Math.Min(256, size - (index / 256 * 256));
            string name = width == 256 ? $"{index / 256:000}" : $"{index / 256:000}.p/{width}";
            byte[] tile = await house.Host.DownloadAsync($"/audit/tile/0/{name}", token);
            Assert.Equal(Convert.ToHexStringLower(tile.AsSpan((int)(index % 256) * 32, 32)), one.Groups[2].Value);
        }
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"index(\d+),leaf([0-9a-f]{64}),proofSHA-256[0-9a-f]{64}")]
    private static partial Regex Leaves();
}
