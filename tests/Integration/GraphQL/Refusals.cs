using System.Reflection;
using Events.Application;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Host;
using Xunit;

namespace Events.Tests.Integration.GraphQL;

public sealed class Refusals
{
    public static TheoryData<string> All =>
        [.. typeof(Camera).Assembly.GetTypes().Append(typeof(CommandBus))
            .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
            .Where(one => one.FieldType == typeof(Refusal))
            .Select(one => ((Refusal)one.GetValue(null)!).Code)];

    [Theory]
    [MemberData(nameof(All))]
    public void have_a_row_in_the_one_table(string code) => Assert.Contains(RefusalTable.Rows, row => row.Refusal.Code == code);
}
