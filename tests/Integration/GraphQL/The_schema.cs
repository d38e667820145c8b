using Events.Application.Contracts;
using Events.GraphQL;
using Events.Host;
using Events.Host.Control;
using Events.Host.Settings;
using Events.Tests.Integration.Kit;
using Events.Tests.Integration.Operations;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace Events.Tests.Integration.GraphQL;

public sealed class The_schema
{
    private static string Page => Path.Combine(Repository.Root, "docs", "api", "schema.graphql");

    [Fact]
    public async Task is_documented_as_it_is()
    {
        string text = await TextAsync();
        if (Environment.GetEnvironmentVariable("EVENTS_WRITE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(Page, text, TestContext.Current.CancellationToken);
        }

        Assert.Equal(await File.ReadAllTextAsync(Page, TestContext.Current.CancellationToken), text);
    }

    [Fact]
    public async Task explains_its_fields() =>
        Assert.Contains("Of the command's last fact in the log; null when nothing had to be done.", await TextAsync(), StringComparison.Ordinal);

    private static async Task<string> TextAsync()
    {
        using var folder = new TemporaryFolder();
        EventsSettings settings = SettingsReader.Read(
            new SettingsSources(folder.PathOf(""), null, [], new Dictionary<string, string>()), []);
        var installation = new Installation(
            settings,
            "Host=127.0.0.1",
            new string('s', 32),
            Convert.ToBase64String(new byte[32]).TrimEnd('=').Replace('+', '-').Replace('/', '_'),
            folder.PathOf("storage"),
            new ControlFacts("t", "", "", "", folder.PathOf(""), Guid.Empty, TimeSpan.FromHours(1)));
        await using WebApplication app = Composition.Build(installation, new NoProcesses());
        return GraphQLModule.SchemaText(app.Services);
    }

    private sealed class NoProcesses : IChildProcesses
    {
        public IChildProcess Start(ChildProcessSpec spec) => throw new InvalidOperationException("Nothing is started here.");
    }
}
