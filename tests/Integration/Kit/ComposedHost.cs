using Events.Application.Contracts;
using Events.Host;
using Events.Host.Control;
using Events.Host.Security;
using Events.Host.Settings;
using Events.Tests.Integration.Operations;
using Microsoft.AspNetCore.Builder;

namespace Events.Tests.Integration.Kit;

/// <summary>A host that is put together and not started: its parts can be asked what they are.</summary>
internal static class ComposedHost
{
    public static async Task<T> AskAsync<T>(Func<IServiceProvider, T> question)
    {
        using var folder = new TemporaryFolder();
        EventsSettings settings = SettingsReader.Read(
            new SettingsSources(folder.PathOf(""), null, [], new Dictionary<string, string>()), []);
        var installation = new Installation(
            settings,
            "Host=127.0.0.1",
            new string('s', 32),
            SecretsKeys.Open(folder.PathOf("")),
            folder.PathOf("storage"),
            new ControlFacts("t", "", "", "", folder.PathOf(""), Guid.Empty, TimeSpan.FromHours(1)));
        await using WebApplication app = Composition.Build(installation, new NoProcesses());
        return question(app.Services);
    }

    private sealed class NoProcesses : IChildProcesses
    {
        public IChildProcess Start(ChildProcessSpec spec) => throw new InvalidOperationException("Nothing is started here.");
    }
}
