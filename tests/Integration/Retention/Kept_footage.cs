using System.Net;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Retention;

/// <summary>One host with one camera, whose footage each test empties before it begins: a policy looks at all there is.</summary>
public sealed class FootageHouse : IAsyncLifetime
{
    internal RunningHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await RunningHost.StartAsync();
        await using RpcClient client = await Kept.BeginAsync(Host);
    }

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? default;

    /// <summary>A client, no policy that deletes by itself, and nothing recorded.</summary>
    internal async Task<RpcClient> BeginAsync()
    {
        RpcClient client = await Host.ConnectAsync();
        await client.CallAsync("set_retention_policy", new { policy_type = "manual", enabled = false });
        foreach (string filename in await Kept.NamesAsync(client))
        {
            await client.CallAsync("delete_recording", new { filename });
        }

        await Kept.OnlyAsync(Host, client);
        return client;
    }
}

/// <summary>Real recordings under a policy: what goes, what stays, and that files and facts agree whatever happens.</summary>
[Trait("pace", "slow")]
public sealed class Kept_footage(FootageHouse house) : IClassFixture<FootageHouse>
{
    private const int InvalidState = -32020;
    private const int NotFound = -32010;

    /// <summary>So many that their removal takes longer than it takes to see the fact and kill the host.</summary>
    private const int FillerFiles = 60_000;

    [Fact]
    public async Task by_size_loses_its_oldest_files_but_neither_held_ones_nor_one_being_written()
    {
        RunningHost host = house.Host;
        await using RpcClient client = await house.BeginAsync();
        int before = (await Kept.DeletionsAsync(host)).Count;
        string held = await Kept.RecordAsync(client);
        await client.CallAsync("take_snapshot", new { device = "camera0", filename = "gate.jpg" });
        string older = await Kept.RecordAsync(client);
        string newer = await Kept.RecordAsync(client);
        string link = (await client.CallAsync("get_recording_info", new { filename = older })).Text("download_url");
        Assert.Equal(HttpStatusCode.OK, await Kept.StatusAsync(host, link));
        (await host.CliAsync("recording", "hold", held, "--reason", "Case 2026-17")).Ok();
        RpcException kept = await Scene.RefusedAsync(client, "delete_recording", new { filename = held });
        Assert.Equal((InvalidState, "legal_hold"), (kept.Code, kept.Data.Text("reason")));

        double size = (await client.CallAsync("get_recording_info", new { filename = newer })).Number("file_size");
        await Kept.SetAsync(client, "size", days: 1, bytes: size);
        await Kept.OnlyAsync(host, client, newer, held);
        Assert.Empty(await Kept.NamesAsync(client, "list_snapshots"));
        Assert.Equal(["size by system", "size by system"], (await Kept.DeletionsAsync(host)).Skip(before));
        Assert.False(Directory.Exists(Kept.FolderOf(host, older)));
        Assert.Empty(Directory.GetFiles(Path.Combine(host.Data, "snapshots")));
        Assert.Equal(NotFound, (await Scene.RefusedAsync(client, "get_recording_info", new { filename = older })).Code);
        string token = await host.TokenAsync("viewer");
        Assert.Equal(HttpStatusCode.NotFound, await Kept.StatusAsync(host, link));
        Assert.Equal(HttpStatusCode.NotFound, await Kept.StatusAsync(host, $"/files/recordings/{older}.fmp4", token));
        Assert.Equal(HttpStatusCode.NotFound, await Kept.StatusAsync(host, "/files/snapshots/gate.jpg", token));

        string running = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
        await Until.RecordedAsync(1);
        await Kept.SetAsync(client, "size", bytes: 1);
        await Kept.OnlyAsync(host, client, running, held);
        await client.CallAsync("stop_recording", new { device = "camera0" });
        double bytes = (await client.CallAsync("get_recording_info", new { filename = running })).Number("file_size");
        JsonElement done = await client.CallAsync("cleanup_old_files");
        Assert.Equal(
            (true, 1, bytes),
            (done.GetProperty("cleanup_executed").GetBoolean(), done.Number("files_deleted"), done.Number("space_freed")));

        (await host.CliAsync("recording", "release", held, "--reason", "Closed")).Ok();
        (await host.CliAsync("retention", "run")).Ok();
        await Kept.OnlyAsync(host, client);
        Assert.Equal(0, (await client.CallAsync("get_storage_info")).Number("recordings_size"));
        Assert.EndsWith("size by local", (await Kept.DeletionsAsync(host))[^1], StringComparison.Ordinal);
        Assert.Equal("", await Kept.DisagreementsAsync(host));
    }

    [Fact]
    public async Task by_age_loses_what_an_older_year_left()
    {
        RunningHost host = house.Host;
        await using RpcClient client = await house.BeginAsync();
        int before = (await Kept.DeletionsAsync(host)).Count;
        string head = await host.SqlAsync("select max(seq_id) from events.mt_events");
        string fresh = await Kept.RecordAsync(client);
        await Kept.SeedAsync(host, fresh, "camera0_2020-01-01_00-00-00", 2020, 1_000);
        await Kept.SeedAsync(host, fresh, "camera0_2021-01-01_00-00-00", 2021, 2_000);
        Assert.Equal(3, (await Kept.NamesAsync(client)).Count);

        await Kept.SetAsync(client, "age", days: 30, bytes: 1);
        await Kept.OnlyAsync(host, client, fresh);

        Assert.Equal(["age by system", "age by system"], (await Kept.DeletionsAsync(host)).Skip(before));
        Assert.Equal("2 0 3000 true", await host.SqlAsync(
            $"""
            select concat_ws(' ', data->>'recordingsDeleted', data->>'snapshotsDeleted', data->>'bytesFreed', data->>'isComplete')
            from events.mt_events where type = 'cleanup_finished' and seq_id > {head}
            """));
        Assert.Equal("", await Kept.DisagreementsAsync(host));
    }

    [Fact]
    public async Task agrees_with_its_facts_when_the_host_is_killed_between_a_deletion_and_the_removal()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        RpcClient client = await Kept.BeginAsync(host);
        bool wasInBetween = false;
        for (int attempt = 1; !wasInBetween && attempt <= 3; attempt++)
        {
            string name = await Kept.RecordAsync(client);
            for (int i = 0; i < FillerFiles; i++)
            {
                await File.Create(Path.Combine(Kept.FolderOf(host, name), $"filler-{i}")).DisposeAsync();
            }

            Task<string> seen = host.SqlAsync(
                $"""
                do $$ begin
                  for i in 1..3000 loop
                    if (select count(*) from events.mt_events where type = 'recording_deleted') >= {attempt} then return; end if;
                    perform pg_sleep(0.005);
                  end loop;
                  raise exception 'The deletion is no fact.';
                end $$
                """);
            await Until.TrueAsync(
                async () => await host.SqlAsync("select count(*) from pg_stat_activity where query like 'do $$%' and state = 'active'") == "1",
                TimeSpan.FromSeconds(10),
                "somebody to watch for the fact");
            await Kept.SetAsync(client, "size", bytes: 1);
            await seen;
            await host.KillAsync();
            wasInBetween = Directory.Exists(Kept.FolderOf(host, name));
            await client.DisposeAsync();

            await host.StartAgainAsync();
            client = await host.ConnectAsync();
            await Kept.OnlyAsync(host, client);
            Assert.False(Directory.Exists(Kept.FolderOf(host, name)));
            await client.CallAsync("set_retention_policy", new { policy_type = "manual", enabled = false });
            await Scene.ConnectedAsync(client);
        }

        await client.DisposeAsync();
        Assert.True(wasInBetween, "The host was never killed between the fact and the removal.");
        Assert.Equal("", await Kept.DisagreementsAsync(host));
        Assert.DoesNotContain("left alone", host.Output, StringComparison.Ordinal);
        await Scene.ViewsEqualTheLogAsync(host);
    }
}
