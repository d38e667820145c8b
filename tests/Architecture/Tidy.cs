using Xunit;

namespace Events.Tests.Architecture;

/// <summary>The house rules that a program can check. Each has planted cases that must be caught.</summary>
public sealed class Tidy
{
    public static TheoryData<string> Sources => [.. Repository.Sources("src", "tests", "benchmarks")];

    public static TheoryData<string, string> Planted => new()
    {
        { "local time", "class C { object F() => System.DateTime.Now; }" },
        { "local time", "class C { object F() => DateTimeOffset.Now; }" },
        { "local time", "class C { object F() => DateTime.Today; }" },
        { "wall clock", "class C { object F() => DateTime.UtcNow; }" },
        { "wall clock", "class C { object F() => global::System.DateTimeOffset.UtcNow; }" },
        { "sleep", "class C { void F() => System.Threading.Thread.Sleep(1); }" },
        { "dynamic", "class C { dynamic F() => 1; }" },
        { "dynamic", "class C { void F() { dynamic x = 1; } }" },
        { "async void", "class C { async void F() { await G(); } }" },
        { "async void", "class C { void F() { async void G() { await H(); } } }" },
        { "empty catch", "class C { void F() { try { G(); } catch { } } }" },
        { "empty catch", "class C { void F() { try { G(); } catch (Exception) { } } }" },
        { "unfinished", "// TO" + "DO: later\nclass C;" },
        { "unfinished", "/* FIX" + "ME */ class C;" },
        { "unfinished", "/// <summary>HA" + "CK</summary>\nclass C;" },
        { "not implemented", "class C { void F() => throw new System.NotImplementedException(); }" },
        { "vague name", "class CameraHelper;" },
        { "vague name", "interface ICameraManager;" },
        { "vague name", "static class StringUtils;" },
        { "carriage return", "class C;\r\n" },
        { "long line", "// " + new string('n', 128) },
        { "long file", string.Concat(Enumerable.Repeat("\n", 601)) },
        { "long function", "class C { void F()\n{" + string.Concat(Enumerable.Repeat("\n", 60)) + "} }" },
        { "long function", "class C { int P { get\n{" + string.Concat(Enumerable.Repeat("\n", 60)) + "return 1; } } }" },
    };

    public static TheoryData<string> Harmless =>
    [
        "class C { string F() => \"DateTime.Now, Thread.Sleep, TO" + "DO\"; }",
        "class C { object F(TimeProvider time) => time.GetUtcNow(); }",
        "class C { async Task F() { await G(); } }",
        "class C { void F() { try { G(); } catch (E) { /* It is gone already. */ } } }",
        "class Managed; class Helping;",
        "// " + new string('n', 127),
    ];

    public static TheoryData<string> PlantedPlaces =>
        ["cd /ro" + "ot/events/", "cat /ho" + "me/ada/notes", "see /wo" + "rk/main", "https://api.nu" + "get.org/v3", "https://my-mir" + "ror.example/x"];

    [Theory]
    [MemberData(nameof(Sources))]
    public void is_every_source(string path) => Assert.Empty(TidyRules.Check(path, Repository.Read(path)));

    [Theory]
    [MemberData(nameof(Planted))]
    public void is_not(string rule, string text) =>
        Assert.Contains(TidyRules.Check("src/Planted.cs", text), finding => finding.StartsWith(rule, StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Harmless))]
    public void is_what_only_looks_like_an_offence(string text) => Assert.Empty(TidyRules.Check("src/Planted.cs", text));

    [Fact]
    public void names_no_place_of_one_machine_and_no_package_source() =>
        Assert.Empty(Repository.TextFiles().SelectMany(path => TidyRules.CheckPlaces(path, Repository.Read(path))));

    [Theory]
    [MemberData(nameof(PlantedPlaces))]
    public void is_no_text_with_such_a_place(string text) => Assert.NotEmpty(TidyRules.CheckPlaces("README.md", text + "\n"));

    [Theory]
    [InlineData("dotnet run -- --data ./data")]
    [InlineData("files lie in /var/lib/postgresql/15/main")]
    [InlineData("see https://www.rfc-editor.org/rfc/rfc8216")]
    [InlineData("src/work/in/progress")]
    public void is_a_text_with_public_places(string text) => Assert.Empty(TidyRules.CheckPlaces("README.md", text));
}
