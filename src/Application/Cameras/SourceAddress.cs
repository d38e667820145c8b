using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Application.Cameras;

/// <summary>An address as people write it, taken apart: where, and the secret part that must not go into a fact.</summary>
public sealed record SourceAddress(SourceUrl Source, SourceCredentials? Credentials)
{
    /// <returns>Null for an address of no known kind.</returns>
    public static SourceAddress? TryParse(string text)
    {
        if (text.Length > SourceUrl.LengthMax
            || text.AsSpan().ContainsAnyInRange('\0', ' ')
            || !Uri.TryCreate(text, UriKind.Absolute, out Uri? uri))
        {
            return null;
        }

        if (uri.UserInfo.Length == 0)
        {
            return SourceUrl.TryParse(text) is { } plain ? new SourceAddress(plain, null) : null;
        }

        string[] parts = [.. uri.UserInfo.Split(':', 2).Select(Uri.UnescapeDataString)];
        if (parts.Any(part => part.Any(char.IsControl)))
        {
            return null;
        }

        var bare = new UriBuilder(uri) { UserName = string.Empty, Password = string.Empty };
        if (uri.IsDefaultPort)
        {
            bare.Port = -1;
        }

        return SourceUrl.TryParse(bare.Uri.AbsoluteUri) is { } source
            ? new SourceAddress(source, new SourceCredentials(parts[0], parts.Length == 2 ? parts[1] : string.Empty))
            : null;
    }
}
