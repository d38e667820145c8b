using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Events.GraphQL.Binding;

/// <summary>
/// Identities that say of which type their object is, for the field <c>node</c>: base64url of <c>Camera:key</c>.
/// </summary>
internal static class GlobalId
{
    internal static string Of(string type, string key) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{type}:{key}"));

    /// <returns>False for any other text, which is a key then.</returns>
    internal static bool TryRead(string text, [NotNullWhen(true)] out string? type, [NotNullWhen(true)] out string? key)
    {
        type = key = null;
        string unpadded = text.TrimEnd('=').Replace('+', '-').Replace('/', '_');
        if (!Base64Url.IsValid(unpadded))
        {
            return false;
        }

        string read = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(unpadded));
        int colon = read.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || !read.AsSpan(0, colon).ContainsOnlyNameCharacters())
        {
            return false;
        }

        type = read[..colon];
        key = read[(colon + 1)..];
        return true;
    }

    private static bool ContainsOnlyNameCharacters(this ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '_')
            {
                return false;
            }
        }

        return true;
    }
}
