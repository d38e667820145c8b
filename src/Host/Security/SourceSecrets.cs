using System.Security.Cryptography;
using System.Text.Json;
using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Host.Security;

/// <summary>
/// Camera credentials, sealed under the camera's id. What does not open, since <c>keys/sources.key</c> is another one now, counts
/// as not there: that camera waits until its source is set anew, and keeps no other one and no start waiting.
/// </summary>
internal sealed partial class SourceSecrets(SealedValues values, ILogger<SourceSecrets> logger) : ISourceSecrets
{
    public Task SetAsync(CameraId cameraId, SourceCredentials? credentials, CancellationToken cancellationToken)
    {
        if (credentials is null)
        {
            return values.DeleteAsync(NameOf(cameraId), cancellationToken);
        }

        string[] parts = credentials.Address is { } address
            ? [credentials.UserName, credentials.Password, address]
            : [credentials.UserName, credentials.Password];
        return values.SetAsync(
            NameOf(cameraId), JsonSerializer.SerializeToUtf8Bytes(parts, SecretJson.Default.StringArray), cancellationToken);
    }

    public async Task<SourceCredentials?> FindAsync(CameraId cameraId, CancellationToken cancellationToken) =>
        await OpenAsync(cameraId, cancellationToken) is { } plain
            ? JsonSerializer.Deserialize(plain, SecretJson.Default.StringArray) switch
            {
                [var userName, var password] => new SourceCredentials(userName, password),
                [var userName, var password, var address] => new SourceCredentials(userName, password, address),
                _ => null,
            }
            : null;

    private async Task<byte[]?> OpenAsync(CameraId cameraId, CancellationToken cancellationToken)
    {
        try
        {
            return await values.FindAsync(NameOf(cameraId), cancellationToken);
        }
        catch (CryptographicException)
        {
            LogLocked(cameraId);
            return null;
        }
    }

    [LoggerMessage(2981, LogLevel.Error,
        "The password of camera {Camera} does not open with keys/sources.key. Put back that file, or set the source anew")]
    private partial void LogLocked(CameraId camera);

    private static string NameOf(CameraId cameraId) => $"camera-source/{cameraId}";
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string[]))]
internal sealed partial class SecretJson : System.Text.Json.Serialization.JsonSerializerContext;
