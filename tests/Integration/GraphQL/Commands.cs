using System.Reflection;
using System.Text.RegularExpressions;
using Events.Application;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.GraphQL;
using Events.Tests.Integration.Kit;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Events.Tests.Integration.GraphQL;

/// <summary>
/// Every command, whether a decider of the domain takes it or the bus does, is a mutation of its name, or the page says why
/// it is none. A new command that is neither fails here.
/// </summary>
public sealed partial class Commands
{
    private const string Heading = "### Commands that are no mutations";

    private static readonly string Page = Path.Combine(Repository.Root, "docs", "api", "graphql.md");

    [Fact]
    public async Task are_mutations_of_their_name_or_the_page_says_why_not()
    {
        string[] commands = await AllAsync();
        string[] mutations = await MutationsAsync();
        string[] excepted = await ExceptedAsync();
        Assert.Contains("StartRecording", commands); // By the bus.
        Assert.Contains("PlaceLegalHold", commands); // By both.
        Assert.Contains("RequestRecording", commands); // By a decider.
        Assert.Equal(commands.Where(command => !mutations.Contains(FieldOf(command))).Order(), excepted.Order());
    }

    [Fact]
    public async Task are_all_that_a_mutation_is_named_for_but_what_the_page_names()
    {
        string[] fields = [.. (await AllAsync()).Select(FieldOf)];

        // A look at the network adds no fact; with what is one's own, a password is looked at before any command.
        string[] others =
        [
            "discoverExternalStreams", "changeOwnPassword", "enrolOwnSecondFactor", "confirmOwnSecondFactor",
            "removeOwnSecondFactor", "endOwnSessions",
        ];
        Assert.Equal(others, (await MutationsAsync()).Except(fields));
        string page = await File.ReadAllTextAsync(Page, TestContext.Current.CancellationToken);
        Assert.All(others, other => Assert.Contains($"`{other}`", page[page.IndexOf(Heading, StringComparison.Ordinal)..], StringComparison.Ordinal));
    }

    private static string FieldOf(string command) => char.ToLowerInvariant(command[0]) + command[1..];

    private static async Task<string[]> AllAsync()
    {
        Type[] sent = await ComposedHost.AskAsync(services =>
            services.GetRequiredService<IEnumerable<CommandRoute>>().Select(route => route.Command).ToArray());
        Type[] domain = typeof(Camera).Assembly.GetTypes();
        Type[] decided =
        [
            .. domain.SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
                .Where(field => field.FieldType.IsGenericType
                    && field.FieldType.GetGenericTypeDefinition() == typeof(Decider<,,>))
                .Select(field => field.FieldType.GenericTypeArguments[1])
                .SelectMany(command => domain.Where(type => !type.IsAbstract && command.IsAssignableFrom(type))),
        ];
        return [.. sent.Concat(decided).Select(type => type.Name).Distinct()];
    }

    private static async Task<string[]> MutationsAsync()
    {
        string schema = await ComposedHost.AskAsync(GraphQLModule.SchemaText);
        string body = MutationType().Match(schema).Groups[1].Value;
        return [.. FieldName().Matches(body).Select(match => match.Groups[1].Value)];
    }

    private static async Task<string[]> ExceptedAsync()
    {
        string page = await File.ReadAllTextAsync(Page, TestContext.Current.CancellationToken);
        string table = page[page.IndexOf(Heading, StringComparison.Ordinal)..];
        table = table[..table.IndexOf("\n#", 1, StringComparison.Ordinal)];
        return
        [
            .. table.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal))
                .SelectMany(line => CommandName().Matches(line.Split('|')[1]).Select(match => match.Groups[1].Value)),
        ];
    }

    [GeneratedRegex(@"^type Mutation \{\n(.*?)^\}", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex MutationType();

    [GeneratedRegex(@"^  (\w+)(?:\(input:|: \w+Payload!)", RegexOptions.Multiline)]
    private static partial Regex FieldName();

    [GeneratedRegex("`([A-Za-z]+)`")]
    private static partial Regex CommandName();
}
