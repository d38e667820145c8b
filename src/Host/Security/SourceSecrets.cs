using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Host.Security;

/// <summary>
/// Camera credentials in the database, encrypted with AES-256-GCM under a key that is not there: nonce, tag, ciphertext. The
/// camera's id is authenticated with them, so that one camera's row cannot be put in another's place.
/// </summary>
internal sealed class SourceSecrets(ProtectedValues values, string key) : ISourceSecrets
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly byte[] _key = Microsoft.IdentityModel.Tokens.Base64UrlEncoder.DecodeBytes(key);

    public async Task SetAsync(CameraId cameraId, SourceCredentials? credentials, CancellationToken cancellationToken)
    {
        if (credentials is null)
        {
            await values.DeleteAsync(NameOf(cameraId), cancellationToken);
            return;
        }

        string[] parts = credentials.Address is { } address
            ? [credentials.UserName, credentials.Password, address]
            : [credentials.UserName, credentials.Password];
        byte[] plain = JsonSerializer.SerializeToUtf8Bytes(parts, SecretJson.Default.StringArray);
        byte[] sealedText = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(sealedText.AsSpan(0, NonceBytes));
        using var cipher = new AesGcm(_key, TagBytes);
        cipher.Encrypt(
            sealedText.AsSpan(0, NonceBytes),
            plain,
            sealedText.AsSpan(NonceBytes + TagBytes),
            sealedText.AsSpan(NonceBytes, TagBytes),
            Encoding.UTF8.GetBytes(NameOf(cameraId)));
        CryptographicOperations.ZeroMemory(plain);
        await values.SetAsync(NameOf(cameraId), sealedText, cancellationToken);
    }

    public async Task<SourceCredentials?> FindAsync(CameraId cameraId, CancellationToken cancellationToken)
    {
        if (await values.FindAsync(NameOf(cameraId), cancellationToken) is not { } sealedText)
        {
            return null;
        }

        byte[] plain = new byte[sealedText.Length - NonceBytes - TagBytes];
        using var cipher = new AesGcm(_key, TagBytes);
        cipher.Decrypt(
            sealedText.AsSpan(0, NonceBytes),
            sealedText.AsSpan(NonceBytes + TagBytes),
            sealedText.AsSpan(NonceBytes, TagBytes),
            plain,
            Encoding.UTF8.GetBytes(NameOf(cameraId)));
        return JsonSerializer.Deserialize(plain, SecretJson.Default.StringArray) switch
        {
            [var userName, var password] => new SourceCredentials(userName, password),
            [var userName, var password, var address] => new SourceCredentials(userName, password, address),
            _ => null,
        };
    }

    private static string NameOf(CameraId cameraId) => $"camera-source/{cameraId}";
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string[]))]
internal sealed partial class SecretJson : System.Text.Json.Serialization.JsonSerializerContext;
