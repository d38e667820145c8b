using System.Text.RegularExpressions;
using Xunit;

namespace Events.Tests.Architecture;

/// <summary>A list of tests in a document is worth something only while each of them exists.</summary>
public sealed partial class Pitfalls
{
    private const string Document = "docs/audit-pitfalls.md";

    private static readonly Lazy<HashSet<string>> _tests = new(() =>
        [.. Repository.Sources("tests").SelectMany(path => NamesIn(Repository.Read(path)))]);

    public static TheoryData<string> Rows => [.. Repository.Read(Document).Split('\n').Where(IsRow)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void have_tests_that_exist_or_say_that_they_have_none(string row)
    {
        string[] named = [.. TestName().Matches(row).Select(match => match.Groups[1].Value)];
        Assert.True(named.Length > 0 || row.Contains("not built", StringComparison.Ordinal), row);
        Assert.All(named, name => Assert.Contains(name, _tests.Value));
    }

    [Fact]
    public void are_many() => Assert.True(Rows.Count > 30);

    private static bool IsRow(string line) =>
        line.StartsWith("| ", StringComparison.Ordinal)
        && !line.StartsWith("| pitfall |", StringComparison.Ordinal)
        && !line.StartsWith("| ---", StringComparison.Ordinal);

    /// <summary>Only methods that a runner runs, under the class that is above them.</summary>
    private static IEnumerable<string> NamesIn(string text)
    {
        string name = "";
        bool isTest = false;
        foreach (string line in text.Split('\n'))
        {
            if (ClassLine().Match(line) is { Success: true } type)
            {
                name = type.Groups[1].Value;
            }

            isTest |= line.TrimStart().StartsWith("[Fact", StringComparison.Ordinal)
                || line.TrimStart().StartsWith("[Theory", StringComparison.Ordinal);
            if (isTest && MethodLine().Match(line) is { Success: true } method)
            {
                isTest = false;
                yield return $"{name}.{method.Groups[1].Value}";
            }
        }
    }

    [GeneratedRegex(@"`([A-Z]\w+\.\w+)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"^public sealed (?:partial )?class (\w+)")]
    private static partial Regex ClassLine();

    [GeneratedRegex(@"^    public (?:async Task|void|Task) (\w+)\(")]
    private static partial Regex MethodLine();
}
