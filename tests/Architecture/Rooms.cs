using System.Collections.Immutable;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace Events.Tests.Architecture;

/// <summary>Who may refer to whom. Rooms are assemblies; what a room may use is a list of namespaces and types.</summary>
public sealed class Rooms
{
    private const string Doors = "Events.Application.Contracts.";

    /// <summary>The design's table. A name that ends in a dot is a namespace with all below it, any other one type.</summary>
    private static readonly Dictionary<string, string[]> MayUseOfOurs = new(StringComparer.Ordinal)
    {
        ["Events.Domain"] = [],
        ["Events.Application"] = ["Events.Domain."],
        ["Events.EventStore"] =
            [Doors, "Events.Application.EventCatalogue", "Events.Application.EventType", "Events.Domain.Kernel."],
        ["Events.Media"] = [Doors, "Events.Application.EventCatalogue", "Events.Application.EventType", "Events.Domain.Kernel."],
        ["Events.Processes"] = [Doors],
        ["Events.GraphQL"] = [],
        ["Events.JsonRpc"] = [],
        ["Events.Host"] =
        [
            "Events.Domain.", "Events.Application.", "Events.EventStore.", "Events.GraphQL.", "Events.JsonRpc.", "Events.Media.",
            "Events.Processes.",
        ],
    };

    /// <summary>What the inner rooms must not know of the outside world, by assembly.</summary>
    private static readonly Dictionary<string, string[]> MayUseOutside = new(StringComparer.Ordinal)
    {
        ["Events.Domain"] = ["System."],
        ["Events.Application"] = ["System.", "Microsoft.Extensions."],
    };

    /// <summary>Files, clocks, chance, waiting, the network and logging: what makes a rule answer differently the next time.</summary>
    private static readonly string[] ImpureForDomain =
    [
        "System.IO.", "System.Net.", "System.Threading.", "System.Diagnostics.Process", "System.Diagnostics.Activity",
        "System.Diagnostics.Stopwatch", "System.Console", "System.Environment", "System.Random", "System.TimeProvider",
        "System.Security.Cryptography.", "System.DateTime.get_Now", "System.DateTime.get_UtcNow", "System.DateTime.get_Today",
        "System.DateTimeOffset.get_Now", "System.DateTimeOffset.get_UtcNow", "System.Guid.NewGuid",
    ];

    public static TheoryData<string> All => [.. MayUseOfOurs.Keys];

    /// <summary>A room, code that must not stand in it, and what the finding must name.</summary>
    public static TheoryData<string, string, string> Violations => new()
    {
        { "Events.Domain", "Events.Application.CommandBus? bus;", "Events.Application.CommandBus" },
        { "Events.Domain", "Microsoft.Extensions.Logging.ILogger? log;", "Microsoft.Extensions.Logging.ILogger" },
        { "Events.Domain", "void F() => System.IO.File.Delete(\"x\");", "System.IO.File" },
        { "Events.Domain", "object F() => System.DateTimeOffset.UtcNow;", "System.DateTimeOffset.get_UtcNow" },
        { "Events.Domain", "object F() => System.DateTime.UtcNow;", "System.DateTime.get_UtcNow" },
        { "Events.Domain", "object F() => System.DateTime.Now;", "System.DateTime.get_Now" },
        { "Events.Domain", "object F() => System.TimeProvider.System;", "System.TimeProvider" },
        { "Events.Domain", "object F() => new System.Random();", "System.Random" },
        { "Events.Domain", "object F() => System.Random.Shared;", "System.Random" },
        { "Events.Domain", "object F() => System.Guid.NewGuid();", "System.Guid.NewGuid" },
        { "Events.Domain", "object F() => System.Threading.Tasks.Task.CompletedTask;", "System.Threading.Tasks.Task" },
        { "Events.Domain", "object F() => System.Environment.MachineName;", "System.Environment" },
        { "Events.Domain", "object F() => new System.Net.Http.HttpClient();", "System.Net.Http.HttpClient" },
        { "Events.Application", "object F() => typeof(Events.EventStore.EventStoreModule);", "Events.EventStore.EventStoreModule" },
        { "Events.Application", "object F() => typeof(Npgsql.NpgsqlConnection);", "Npgsql.NpgsqlConnection" },
        { "Events.Application", "object F() => typeof(Microsoft.AspNetCore.Http.HttpContext);", "Microsoft.AspNetCore.Http.HttpContext" },
        { "Events.EventStore", "object F() => typeof(Events.Domain.Cameras.Camera);", "Events.Domain.Cameras.Camera" },
        { "Events.EventStore", "object F() => typeof(Events.Application.CommandBus);", "Events.Application.CommandBus" },
        { "Events.EventStore", "object F() => typeof(Events.Media.MediaModule);", "Events.Media.MediaModule" },
        { "Events.Media", "object F() => typeof(Events.Processes.ProcessesModule);", "Events.Processes.ProcessesModule" },
        { "Events.Media", "object F() => typeof(Events.Domain.Recordings.Recording);", "Events.Domain.Recordings.Recording" },
        { "Events.Processes", "object F() => typeof(Events.Domain.Kernel.CameraId);", "Events.Domain.Kernel.CameraId" },
        { "Events.GraphQL", "object F() => typeof(Events.Application.Contracts.Caller);", "Events.Application.Contracts.Caller" },
        { "Events.JsonRpc", "object F() => typeof(Events.Application.Contracts.Caller);", "Events.Application.Contracts.Caller" },
        { "Events.Domain", "object F() => typeof(Events.Host.Planted);", "Events.Host.Planted" },
        { "Events.Application", "object F() => typeof(Events.Host.Planted);", "Events.Host.Planted" },
        { "Events.EventStore", "object F() => typeof(Events.Host.Planted);", "Events.Host.Planted" },
        { "Events.Media", "object F() => typeof(Events.Host.Planted);", "Events.Host.Planted" },
        { "Events.Processes", "object F() => typeof(Events.Host.Planted);", "Events.Host.Planted" },
        { "Events.GraphQL", "object F() => typeof(Events.Host.Planted);", "Events.Host.Planted" },
        { "Events.JsonRpc", "object F() => typeof(Events.Host.Planted);", "Events.Host.Planted" },
    };

    [Fact]
    public void have_a_line_each_in_the_table() =>
        Assert.Equal(
            Repository.TextFiles()
                .Where(path => path.StartsWith("src/", StringComparison.Ordinal) && path.EndsWith(".csproj", StringComparison.Ordinal))
                .Select(path => $"Events.{Path.GetFileNameWithoutExtension(path)}").Order(),
            MayUseOfOurs.Keys.Order());

    [Theory]
    [MemberData(nameof(All))]
    public void use_only_what_the_table_lets_them(string room) => Assert.Empty(FindingsIn(room, Built(room)));

    [Theory]
    [MemberData(nameof(Violations))]
    public void are_caught_when_they_use_more(string room, string code, string named) =>
        Assert.Contains(named, FindingsIn(room, Compiled(room, $"class Planted {{ {code} }}")));

    /// <summary>A check that finds fault with everything would pass the cases above, too.</summary>
    [Fact]
    public void are_not_caught_when_they_use_what_they_may()
    {
        Assert.Empty(FindingsIn("Events.Application", Compiled("Events.Application", "class P { Events.Domain.Cameras.Camera? c; }")));
        Assert.Empty(FindingsIn("Events.Media", Compiled("Events.Media", "class P { Events.Domain.Kernel.SourceUrl? s; }")));
        Assert.Empty(FindingsIn("Events.Domain", Compiled("Events.Domain", "class P { object F() => new System.DateTime(1); }")));
    }

    /// <summary>The one exception: an identity's <c>New()</c>, which callers outside the domain use.</summary>
    [Fact]
    public void of_the_domain_make_ids_only_in_New() =>
        Assert.All(
            Repository.Sources("src/Domain")
                .SelectMany(path => CSharpSyntaxTree.ParseText(Repository.Read(path)).GetRoot().DescendantNodes())
                .OfType<IdentifierNameSyntax>()
                .Where(name => name.Identifier.Text == nameof(Guid.CreateVersion7)),
            name => Assert.Equal("New", name.Ancestors().OfType<MethodDeclarationSyntax>().First().Identifier.Text));

    [Fact]
    public void of_the_domain_reference_no_package_and_no_project() =>
        Assert.DoesNotContain(
            XDocument.Load(Repository.PathOf("src/Domain/Domain.csproj")).Descendants(),
            element => element.Name.LocalName.EndsWith("Reference", StringComparison.Ordinal));

    private static string[] FindingsIn(string room, ImmutableArray<byte> image) =>
        [.. References.Of(image).Where(reference => !IsAllowed(room, reference)).Select(reference => reference.ToString()).Order()];

    private static bool IsAllowed(string room, Reference reference)
    {
        if (reference.Assembly.StartsWith("Events.", StringComparison.Ordinal))
        {
            return IsIn(MayUseOfOurs[room], reference.Type);
        }

        return (room != "Events.Domain" || !IsIn(ImpureForDomain, reference.ToString()))
            && (!MayUseOutside.TryGetValue(room, out string[]? outside) || IsIn(outside, reference.Assembly + "."));
    }

    private static bool IsIn(string[] list, string name) =>
        list.Any(entry => entry.EndsWith('.')
            ? name.StartsWith(entry, StringComparison.Ordinal)
            : name == entry || name.StartsWith(entry + ".", StringComparison.Ordinal));

    private static ImmutableArray<byte> Built(string room) =>
        [.. File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, $"{room}.dll"))];

    private static ImmutableArray<byte> Compiled(string room, string code)
    {
        // The host's types are internal, so it is stood in for by a public type of the same assembly name.
        MetadataReference host = MetadataReference.CreateFromImage(
            Emitted("Events.Host", "namespace Events.Host; public class Planted { }", Platform));
        return Emitted(room, code, [.. Platform, .. Ours.Where(path => Path.GetFileNameWithoutExtension(path) != room)
            .Select(path => MetadataReference.CreateFromFile(path)), host]);
    }

    private static ImmutableArray<byte> Emitted(string assembly, string code, IEnumerable<MetadataReference> references)
    {
        var compilation = CSharpCompilation.Create(
            assembly,
            [CSharpSyntaxTree.ParseText(code)],
            references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        return [.. image.ToArray()];
    }

    private static IEnumerable<string> Ours =>
        MayUseOfOurs.Keys.Where(room => room != "Events.Host").Select(room => Path.Combine(AppContext.BaseDirectory, $"{room}.dll"));

    private static IEnumerable<MetadataReference> Platform =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        .Where(path => !Path.GetFileName(path).StartsWith("Events.", StringComparison.Ordinal))
        .Select(path => MetadataReference.CreateFromFile(path));
}
