using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace Events.Tests.Architecture;

/// <summary>A type is found by its namespace: the project's name, then the folders.</summary>
public sealed class A_namespace
{
    public static TheoryData<string> Sources => [.. Repository.Sources("src")];

    [Theory]
    [MemberData(nameof(Sources))]
    public void is_the_folder(string path) => Assert.All(NamespacesIn(Repository.Read(path)), name => Assert.Equal(Expected(path), name));

    [Fact]
    public void that_is_another_is_caught()
    {
        Assert.Equal("Events.Domain.Cameras", Expected("src/Domain/Cameras/Camera.cs"));
        Assert.Equal("Events.Media.Live", Expected("src/Infrastructure/Media/Live/Hls.cs"));
        Assert.Equal(["Events.Elsewhere"], NamespacesIn("namespace Events.Elsewhere; class C;"));
    }

    private static IReadOnlyList<string> NamespacesIn(string text) =>
        [.. CSharpSyntaxTree.ParseText(text).GetRoot().DescendantNodes()
            .OfType<BaseNamespaceDeclarationSyntax>().Select(declaration => declaration.Name.ToString())];

    private static string Expected(string path) =>
        "Events." + Path.GetDirectoryName(path)!
            .Replace("src/Infrastructure/", string.Empty, StringComparison.Ordinal)
            .Replace("src/", string.Empty, StringComparison.Ordinal)
            .Replace('/', '.');
}
