using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>
/// A backup that came without its keys, of before a person was erased: nobody is readable, she least of all; and with the keys put
/// beside it everybody is, but for her.
/// </summary>
[Trait("pace", "slow")]
public sealed class Restoring_without_keys
{
    private const string Gone = "wilhelmina-quastenflosser";
    private const string Stays = "bartholomew-inselaffe";
    private const string Password = "a long walk in rain";
    private const string CameraSecret = "tief-im-keller-17";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task locks_what_was_sealed_and_keeps_who_was_erased_so()
    {
        string folder = Directory.CreateTempSubdirectory("keyless").FullName;
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        string kept = Path.Combine(folder, "kept");
        await using RunningHost host = await RunningHost.StartAsync();
        (await host.CliAsync("camera", "add", "--name", "Gate", "--source", $"rtsp://viewer:{CameraSecret}@127.0.0.1:9/none")).Ok();
        await AddAsync(host, Gone);
        await AddAsync(host, Stays);
        (await host.CliAsync("users", "disable", "--name", Gone, "--reason", $"{Gone} has left")).Ok();
        string names = await EventsAsync(host);
        Assert.Contains($"\"name\":\"{Gone}\"", names, StringComparison.Ordinal);
        await RestoredHost.SignedAsync(host);
        (await host.CliAsync("backup", "--to", kept)).Ok();
        (await host.CliAsync("users", "erase", "--name", Gone, "--reason", "Asked for by the person")).Ok();
        Assert.True(File.Exists(Path.Combine(kept, "erased.list")), "The list lies beside the backups.");
        await host.KillAsync();

        string bare = await RestoreAsync(kept, Path.Combine(folder, "bare"));
        await LocksAsync(bare);
        string whole = await RestoreAsync(kept, Path.Combine(folder, "whole"));
        await OpensWithKeysAsync(host, whole);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<string> RestoreAsync(string from, string data)
    {
        JsonElement row = JsonElement.Parse(
            (await RunningHost.RunAsync(["restore", "--from", from, "--data", data, "--format", "json"], [])).Ok());
        Assert.False(row.GetProperty("hasKeys").GetBoolean());
        Assert.Empty(row.GetProperty("viewsDifferent").EnumerateArray());
        string notes = row.GetProperty("notes").ToString();
        Assert.Contains("The keys are not here. Copy the folder keys", notes, StringComparison.Ordinal);
        Assert.Contains("1 people are erased", notes, StringComparison.Ordinal);
        Assert.Contains("taken from the database itself", row.GetProperty("notChecked").ToString(), StringComparison.Ordinal);
        Assert.Equal(["erased.list"], Directory.GetFiles(Path.Combine(data, "keys")).Select(file => Path.GetFileName(file)));
        return data;
    }

    /// <summary>
    /// Names are given anew when somebody says that the old keys are gone. What is sealed under the old one reads so, and who was
    /// erased is erased again.
    /// </summary>
    private static async Task LocksAsync(string data)
    {
        await using RunningHost host = await RunningHost.StartAsync(flags: ["--no-demo", "--secrets-lost"], data: data);
        await Until.TrueAsync(
            async () => await host.SqlAsync("select count(*) from events.mt_events where type = 'user_erased'") == "1",
            TimeSpan.FromSeconds(30),
            "the erasure to be a fact");
        string events = await EventsAsync(host);
        Assert.Contains("\"name\":\"[locked]\"", events, StringComparison.Ordinal);
        Assert.Contains("\"name\":\"[erased]\"", events, StringComparison.Ordinal);
        Assert.Contains("\"reason\":\"[erased]\"", events, StringComparison.Ordinal);
        Assert.DoesNotContain("\"reason\":\"[locked]\"", events, StringComparison.Ordinal);
        var traces = new Planted(Gone, Stays, CameraSecret);
        Assert.Empty(traces.In("GraphQL", events));
        Assert.Equal(HttpStatusCode.Unauthorized, await SignInAsync(host, Stays));
        Assert.Equal(HttpStatusCode.Unauthorized, await SignInAsync(host, Gone));
        Assert.Empty(traces.In("cameras", (await host.CliAsync("camera", "list")).Ok() + host.Output));
        (await host.CliAsync("users", "list")).Ok();

        // Once the view is made of what can be read, the name is free: nobody can say any more whose it was.
        (await host.CliAsync("projections", "rebuild", "UserView")).Ok();
        await AddAsync(host, Stays);
        Assert.Equal(HttpStatusCode.OK, await SignInAsync(host, Stays));
    }

    /// <summary>As the note says: the old folder of keys is put in place before the start.</summary>
    private static async Task OpensWithKeysAsync(RunningHost old, string data)
    {
        foreach (string file in Directory.GetFiles(Path.Combine(old.Data, "keys"), "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(data, "keys", Path.GetRelativePath(Path.Combine(old.Data, "keys"), file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }

        await using RunningHost host = await RunningHost.StartAsync(data: data);
        string events = await EventsAsync(host);
        Assert.Contains($"\"name\":\"{Stays}\"", events, StringComparison.Ordinal);
        Assert.Contains("\"name\":\"[erased]\"", events, StringComparison.Ordinal);
        Assert.DoesNotContain("[locked]", events, StringComparison.Ordinal);
        Assert.Empty(new Planted(Gone).In("GraphQL", events));
        Assert.Equal(HttpStatusCode.Unauthorized, await SignInAsync(host, Gone));
    }

    private static async Task AddAsync(RunningHost host, string name) =>
        (await host.CliReadingAsync(Password + "\n", "users", "add", "--name", name, "--role", "admin", "--password-stdin")).Ok();

    private static async Task<HttpStatusCode> SignInAsync(RunningHost host, string user)
    {
        using HttpResponseMessage answer = await host.Http.PostAsJsonAsync("/auth/sign-in", new { user, password = Password }, Cancel);
        return answer.StatusCode;
    }

    private static async Task<string> EventsAsync(RunningHost host) =>
        (await new GraphQLClient(host, await host.TokenAsync("auditor")).AskAsync("{ events(first: 500) { nodes { type user data } } }"))
            .ToString().Replace(" ", string.Empty, StringComparison.Ordinal);
}
