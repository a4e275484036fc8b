"""Messages of DIN 70121, one module a subject; all of them travel as the body of one `V2G_Message`.

DIN 70121 charges by DC, paid by means outside the vehicle. Its schema has more: messages of AC, contracts and certificates, which are
in no session but decide event codes.
"""
