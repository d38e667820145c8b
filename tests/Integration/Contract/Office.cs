using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Contract;

/// <summary>One host without pictures for all tests of administration, and a socket of each role.</summary>
public sealed class Office : IAsyncLifetime
{
    public const string Device = "camera0";
    public const string Password = "a long walk in rain";

    private readonly Dictionary<string, RpcClient> _clients = [];
    private int _lastName;

    internal RunningHost Host { get; private set; } = null!;

    internal RpcClient Admin => _clients["admin"];

    /// <param name="role">Empty for one that has not logged in.</param>
    internal RpcClient Of(string role) => _clients[role];

    public async ValueTask InitializeAsync()
    {
        Host = await RunningHost.StartAsync(new() { ["EVENTS__Security__UseReportPause"] = "1s" });
        await Scene.AddAsync(Host, "v4l2:/dev/video9", "Door");
        foreach (string role in AdministrationContract.Roles)
        {
            _clients[role] = await Host.ConnectAsync(role.Length == 0 ? null : role);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RpcClient client in _clients.Values)
        {
            await client.DisposeAsync();
        }

        // One that did not start is not there, and that is what is to be read in the report.
        await (Host?.DisposeAsync() ?? default);
    }

    /// <summary>A key of an operator, for all cameras, from anywhere, for ever.</summary>
    internal async Task<(string id, string secret)> KeyAsync()
    {
        JsonElement made = await Admin.CallAsync("issue_api_key", new { name = "Script", role = "operator" });
        return (made.Text("id"), made.Text("secret"));
    }

    internal string NewName() => $"user{Interlocked.Increment(ref _lastName)}";

    /// <returns>The name of a new user.</returns>
    internal async Task<string> UserAsync(string role = "viewer", bool isDisabled = false)
    {
        string name = NewName();
        await Admin.CallAsync("create_user", new { name, role, password = Password });
        if (isDisabled)
        {
            await Admin.CallAsync("disable_user", new { name });
        }

        return name;
    }
}
