using System.Text.RegularExpressions;
using Events.Application;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Xunit;

namespace Events.Tests.Architecture;

/// <summary>Every domain word is explained before it is used; two words for one thing, or none, is a defect.</summary>
public sealed partial class The_glossary
{
    private static readonly string[] Entries =
        [.. Entry().Matches(Repository.Read("docs/glossary.md")).Select(match => match.Groups[1].Value)];

    public static TheoryData<string> Facts => [.. EventTypes.Catalogue.Types.Select(type => type.FactType.Name)];

    public static TheoryData<string> Views => [.. ApplicationModule.Views.Select(view => view.Name)];

    public static TheoryData<string> Aggregates =>
        [.. typeof(Camera).Assembly.GetTypes().Where(HasDecider).Select(type => type.Name)];

    [Fact]
    public void is_in_alphabetical_order_without_doubles() =>
        Assert.Equal(Entries.Distinct().Order(StringComparer.OrdinalIgnoreCase), Entries);

    [Fact]
    public void finds_the_aggregates() =>
        Assert.Equal(
            [
                "AccessLog", "ApiKey", "Broadcast", "Camera", "CameraNumbers", "Cleanup", "Discovery", "Logbook", "Recorder",
                "Recording", "RetentionPolicy", "Session", "Snapshot", "Storage", "User",
            ],
            typeof(Camera).Assembly.GetTypes().Where(HasDecider).Select(type => type.Name).Order());

    [Theory]
    [MemberData(nameof(Aggregates))]
    public void explains_an_aggregate(string name) => Assert.Empty(Unexplained(WordsOf(name)));

    [Theory]
    [MemberData(nameof(Facts))]
    public void explains_the_nouns_of_a_fact(string name) => Assert.Empty(Unexplained(WordsOf(name)[..^1]));

    [Theory]
    [MemberData(nameof(Views))]
    public void explains_the_nouns_of_a_view(string name) => Assert.Empty(Unexplained(WordsOf(name)[..^1]));

    [Theory]
    [InlineData("access unit", "caller", "checkpoint", "feed", "footage", "fragment", "group of pictures", "installation", "keeper")]
    [InlineData("position", "projection", "refusal", "role", "storage folder", "stream", "version", "watchdog", "way in")]
    public void explains_the_words_of_the_design(params string[] words) => Assert.Empty(words.Except(Entries));

    [Fact]
    public void misses_a_word_that_it_does_not_explain() => Assert.Equal(["turnstile"], Unexplained(WordsOf("CameraTurnstile")));

    /// <returns>Words that neither stand alone in the glossary nor with the word behind them.</returns>
    private static List<string> Unexplained(string[] words)
    {
        var missing = new List<string>();
        for (int i = 0; i < words.Length; i++)
        {
            if (i + 1 < words.Length && IsEntry($"{words[i]} {words[i + 1]}"))
            {
                i++;
            }
            else if (!IsEntry(words[i]))
            {
                missing.Add(words[i]);
            }
        }

        return missing;
    }

    private static bool IsEntry(string word) => Entries.Contains(word) || Entries.Contains(word.TrimEnd('s'));

    private static string[] WordsOf(string typeName) =>
        [.. Word().Matches(typeName).Select(match => match.Value.ToLowerInvariant())];

    private static bool HasDecider(Type type) =>
        type.GetField("Decider") is { FieldType.IsGenericType: true } field
        && field.FieldType.GetGenericTypeDefinition() == typeof(Decider<,,>);

    [GeneratedRegex(@"^- \*\*(.+?)\*\*", RegexOptions.Multiline)]
    private static partial Regex Entry();

    [GeneratedRegex("[A-Z][a-z0-9]*")]
    private static partial Regex Word();
}
