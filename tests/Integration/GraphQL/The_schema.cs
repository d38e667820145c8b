using Events.GraphQL;
using Events.Tests.Integration.Kit;
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

    private static Task<string> TextAsync() => ComposedHost.AskAsync(GraphQLModule.SchemaText);
}
