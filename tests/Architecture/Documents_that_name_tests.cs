using System.Text.RegularExpressions;
using Xunit;

namespace Events.Tests.Architecture;

/// <summary>A list of tests in a document is worth something only while each of them exists.</summary>
public sealed partial class Documents_that_name_tests
{
    private static readonly string[] _documents = ["docs/audit-pitfalls.md", "docs/promises.md"];

    private static readonly Lazy<HashSet<string>> _tests = new(() =>
        [.. Repository.Sources("tests").SelectMany(path => NamesIn(Repository.Read(path)))]);

    public static TheoryData<string> Rows => [.. _documents.SelectMany(RowsOf)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void have_tests_that_exist_or_say_that_they_have_none(string row)
    {
        string[] named = [.. TestName().Matches(row).Select(match => match.Groups[1].Value)];
        string[] benches = [.. BenchName().Matches(row).Select(match => match.Groups[1].Value)];
        Assert.True(named.Length + benches.Length > 0 || row.Contains("not built", StringComparison.Ordinal), row);
        Assert.All(named, name => Assert.Contains(name, _tests.Value));
        Assert.All(benches, name => Assert.Contains($"\"{name}\"", Repository.Read("benchmarks/Program.cs"), StringComparison.Ordinal));
    }

    [Fact]
    public void are_long() => Assert.All(_documents, document => Assert.True(RowsOf(document).Count() > 30, document));

    private static IEnumerable<string> RowsOf(string document) => Repository.Read(document).Split('\n').Where(IsRow);

    private static bool IsRow(string line) =>
        line.StartsWith("| ", StringComparison.Ordinal)
        && !line.StartsWith("| pitfall |", StringComparison.Ordinal)
        && !line.StartsWith("| promise |", StringComparison.Ordinal)
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

    [GeneratedRegex("`bench ([a-z-]+)`")]
    private static partial Regex BenchName();

    [GeneratedRegex(@"^public sealed (?:partial )?class (\w+)")]
    private static partial Regex ClassLine();

    [GeneratedRegex(@"^    public (?:async Task|void|Task) (\w+)\(")]
    private static partial Regex MethodLine();
}
