using System.Text;

namespace Events.Application.Contracts;

/// <summary>The names that the log and the views use on disk.</summary>
public static class StoredName
{
    /// <summary>
    /// Marten's event alias: a break before an upper-case letter that follows a lower-case one or a digit, and before the last
    /// capital of a run that a lower-case letter follows; then lower case. <c>IPCameraV2Added</c> is <c>ip_camera_v2_added</c>.
    /// </summary>
    public static string Of(string typeName)
    {
        var name = new StringBuilder(typeName.Length + 8);
        for (int i = 0; i < typeName.Length; i++)
        {
            bool afterLower = i > 0 && !char.IsUpper(typeName[i - 1]) && char.IsUpper(typeName[i]);
            bool endsRun = i > 0 && char.IsUpper(typeName[i]) && i + 1 < typeName.Length && char.IsLower(typeName[i + 1]);
            if (afterLower || endsRun)
            {
                name.Append('_');
            }

            name.Append(char.ToLowerInvariant(typeName[i]));
        }

        return name.ToString();
    }
}
