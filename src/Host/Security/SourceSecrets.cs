using System.Text.Json;
using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Host.Security;

/// <summary>Camera credentials, sealed under the camera's id.</summary>
internal sealed class SourceSecrets(SealedValues values) : ISourceSecrets
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
        await values.FindAsync(NameOf(cameraId), cancellationToken) is { } plain
            ? JsonSerializer.Deserialize(plain, SecretJson.Default.StringArray) switch
            {
                [var userName, var password] => new SourceCredentials(userName, password),
                [var userName, var password, var address] => new SourceCredentials(userName, password, address),
                _ => null,
            }
            : null;

    private static string NameOf(CameraId cameraId) => $"camera-source/{cameraId}";
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string[]))]
internal sealed partial class SecretJson : System.Text.Json.Serialization.JsonSerializerContext;
