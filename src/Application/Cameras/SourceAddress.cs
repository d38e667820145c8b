using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Application.Cameras;

/// <summary>An address as people write it, taken apart: where, and the secret part that must not go into a fact.</summary>
/// <param name="Source">Without user info; credentials among its parameters are masked.</param>
public sealed record SourceAddress(SourceUrl Source, SourceCredentials? Credentials)
{
    /// <returns>Null for an address of no known kind, and for one that was copied from where it is shown masked.</returns>
    public static SourceAddress? TryParse(string text)
    {
        if (text.Length > SourceUrl.LengthMax
            || text.AsSpan().ContainsAnyInRange('\0', ' ')
            || !Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
            || uri.UserInfo == CredentialParameters.Mask
            || CredentialParameters.IsMasked(text))
        {
            return null;
        }

        if (uri.UserInfo.Length == 0)
        {
            return SourceUrl.TryParse(text) is { } plain ? From(plain, string.Empty, string.Empty) : null;
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
            ? From(source, parts[0], parts.Length == 2 ? parts[1] : string.Empty)
            : null;
    }

    /// <summary>What is shown in place of parameters that are credentials; the true address then goes with the secret.</summary>
    private static SourceAddress? From(SourceUrl source, string userName, string password)
    {
        string whole = source.ToString();
        string shown = CredentialParameters.Hide(whole);
        string? hidden = shown == whole ? null : whole;
        bool hasSecret = userName.Length > 0 || password.Length > 0 || hidden is not null;
        return SourceUrl.TryParse(shown) is { } masked
            ? new SourceAddress(masked, hasSecret ? new SourceCredentials(userName, password, hidden) : null)
            : null;
    }
}
