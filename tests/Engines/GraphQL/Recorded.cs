using System.Runtime.CompilerServices;
using System.Text.Json;
using Xunit;

namespace Events.Tests.Engines.GraphQL;

/// <summary>
/// Cases of other engines that lie beside the checkout, if they do. They are not ours to publish, so a test that needs them is
/// skipped where they are absent, and says so.
/// </summary>
internal static class Recorded
{
    internal static JsonDocument Read(string file, [CallerFilePath] string here = "")
    {
        string? path = PathOf(file, here);
        Assert.SkipWhen(path is null, $"{file} is not beside the checkout, in ../shared/graphql.");
        return JsonDocument.Parse(File.ReadAllText(path));
    }

    /// <returns>Null when there is none in any <c>shared/graphql</c> beside a folder above this source.</returns>
    private static string? PathOf(string file, string here)
    {
        for (DirectoryInfo? folder = Directory.GetParent(here); folder is not null; folder = folder.Parent)
        {
            string path = Path.Combine(folder.FullName, "shared", "graphql", file);
            if (File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }
}
