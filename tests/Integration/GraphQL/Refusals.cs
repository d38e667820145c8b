using System.Reflection;
using Events.Application;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Host;
using Events.Host.Users;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.GraphQL;

public sealed class Refusals
{
    public static TheoryData<string> All =>
        [.. typeof(Camera).Assembly.GetTypes().Append(typeof(CommandBus)).Append(typeof(OwnAccounts))
            .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
            .Where(one => one.FieldType == typeof(Refusal))
            .Select(one => ((Refusal)one.GetValue(null)!).Code)];

    /// <summary>Clients match on codes: each is in the row of its error.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public async Task have_their_code_on_the_page(string code)
    {
        RefusalFamily family = RefusalTable.Rows.Single(row => row.Refusal.Code == code).Family;
        string[] page = await File.ReadAllLinesAsync(
            Path.Combine(Repository.Root, "docs", "api", "graphql.md"), TestContext.Current.CancellationToken);
        string head = family is RefusalFamily.Denied ? "not allow is no such error" : $"| `{family}Error` |";
        Assert.Contains($"`{code}`", Assert.Single(page, line => line.StartsWith(head, StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void have_a_row_in_the_one_table(string code) => Assert.Contains(RefusalTable.Rows, row => row.Refusal.Code == code);
}
