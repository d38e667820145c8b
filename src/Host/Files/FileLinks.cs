using Events.Domain.Recordings;
using Events.Host.Security;

namespace Events.Host.Files;

/// <summary>Download links that open for a while without a header. Relative, unless a public address is configured.</summary>
internal sealed class FileLinks(SignedLinks links, string? publicUrl)
{
    /// <summary>Long enough to click in a list that was left open over lunch.</summary>
    private static readonly TimeSpan _lifetime = TimeSpan.FromHours(1);

    public string ForRecording(string name, RecordingFormat format, LinkOwner owner) =>
        For($"/files/recordings/{name}{FileNames.ExtensionOf(format)}", owner);

    public string ForSnapshot(string fileName, LinkOwner owner) => For($"/files/snapshots/{fileName}", owner);

    private string For(string path, LinkOwner owner) =>
        $"{publicUrl?.TrimEnd('/')}{path}{links.QueryFor(path, _lifetime, owner)}";
}
