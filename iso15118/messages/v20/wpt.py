"""Wireless power transfer (WPT): finding the spot over the primary device, pairing with it, checking the alignment, and the charge loop.

The vehicle's side is the EVPC (power circuit of the vehicle), the supply's the SPC; PD is the primary device, SD the supply device.
"""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Enumeration, Message, Name, Occurs
from iso15118.messages.facets import BSSID, DataContainer, Identifier, IPAddress, NumericID, Short, UnsignedByte, UnsignedShort
from iso15118.messages.v20.common import (
    ChargeLoopReq,
    ChargeLoopRes,
    ChargeParameterDiscoveryReq,
    ChargeParameterDiscoveryRes,
    Processing,
    RationalNumber,
    Request,
    Response,
)


class FinePositioningMethod(Enumeration):
    """A way to find the spot over the primary device: by hand, by low frequency sent by either side, or by low power excitation (LPE)."""

    Manual = "Manual"
    LF_TxEV = "LF_TxEV"
    LF_TxPrimaryDevice = "LF_TxPrimaryDevice"
    LPE = "LPE"
    Proprietary = "Proprietary"


class PairingMethod(Enumeration):
    """A way to make sure that vehicle and primary device mean each other."""

    External_confirmation = "External confirmation"
    LPE = "LPE"
    LF_TxEV = "LF_TxEV"
    LF_TxPrimaryDevice = "LF_TxPrimaryDevice"
    Optical = "Optical"
    Proprietary = "Proprietary"


class AlignmentCheckMethod(Enumeration):
    """A way to check that the coils face each other."""

    PowerCheck = "PowerCheck"
    LPE = "LPE"
    Proprietary = "Proprietary"


class EVPCChargeDiagnostics(Enumeration):
    """What the vehicle's power circuit (EVPC) reports of itself."""

    EVPCNoIssue = "EVPCNoIssue"
    EVPCTempOverheatDetected = "EVPCTempOverheatDetected"
    EVPCPowerTransferAnomalyDetected = "EVPCPowerTransferAnomalyDetected"
    EVPCAnomalyDetected = "EVPCAnomalyDetected"


class SPCChargeDiagnostics(Enumeration):
    """What the supply's power circuit (SPC) reports of itself; FOD: foreign object, LOP: living object."""

    SPCNoIssue = "SPCNoIssue"
    SPCFODDetected = "SPCFODDetected"
    SPCLOPDetected = "SPCLOPDetected"
    SPCTempOverheatDetected = "SPCTempOverheatDetected"
    SPCPowerTransferAnomalyDetected = "SPCPowerTransferAnomalyDetected"
    SPCAnomalyDetected = "SPCAnomalyDetected"


class PowerClass(Enumeration):
    """Power class of the supply."""

    MF_WPT1 = "MF-WPT1"
    MF_WPT2 = "MF-WPT2"
    MF_WPT3 = "MF-WPT3"
    MF_WPT4 = "MF-WPT4"


class EVResult(Enumeration):
    """How a step has ended for the vehicle."""

    EVResultUnknown = "EVResultUnknown"
    EVResultSuccess = "EVResultSuccess"
    EVResultFailed = "EVResultFailed"


class FinePositioningMethodList(Message):
    """The ways one side knows, the best first."""

    wpt_fine_positioning_method: Annotated[tuple[FinePositioningMethod, ...], Name("WPT_FinePositioningMethod"), Occurs(1, 8)]


class PairingMethodList(Message):
    """The ways one side knows, the best first."""

    wpt_pairing_method: Annotated[tuple[PairingMethod, ...], Name("WPT_PairingMethod"), Occurs(1, 8)]


class AlignmentCheckMethodList(Message):
    """The ways one side knows, the best first."""

    wpt_alignment_check_method: Annotated[tuple[AlignmentCheckMethod, ...], Name("WPT_AlignmentCheckMethod"), Occurs(1, 8)]


class CoordinateXYZ(Message):
    """A point or direction: X along, Y across, Z above, in mm or degrees as the element says."""

    coord_x: Annotated[Short, Name("Coord_X")]
    coord_y: Annotated[Short, Name("Coord_Y")]
    coord_z: Annotated[Short, Name("Coord_Z")]


class TxRxSpecData(Message):
    """One antenna: where it is and where it looks."""

    tx_rx_identifier: NumericID
    tx_rx_position: CoordinateXYZ
    tx_rx_orientation: CoordinateXYZ


class TxRxPulseOrder(Message):
    """Which antenna sends at which place of a sequence."""

    index_number: UnsignedShort
    tx_rx_identifier: NumericID


class TxRxPackageSpecData(Message):
    """How pulses follow each other: their order, and their times in ms."""

    pulse_sequence_order: Annotated[tuple[TxRxPulseOrder, ...], Occurs(2, 255)]
    pulse_separation_time: UnsignedShort
    pulse_duration: UnsignedShort
    package_separation_time: UnsignedShort


class LF_TransmitterData(Message):
    """The antennas of the side that sends; frequency in Hz."""

    number_of_transmitters: UnsignedByte
    signal_frequency: RationalNumber
    tx_spec_data: Annotated[tuple[TxRxSpecData, ...], Occurs(2, 255)]
    tx_package_spec_data: TxRxPackageSpecData | None = None


class LF_ReceiverData(Message):
    """The antennas of the side that listens."""

    number_of_receivers: UnsignedByte
    rx_spec_data: Annotated[tuple[TxRxSpecData, ...], Occurs(2, 255)]


class LF_SystemSetupData(Message):
    """The low-frequency antennas of one side: it sends or it listens."""

    choice = (("lf_transmitter_setup_data", "lf_receiver_setup_data"),)

    lf_transmitter_setup_data: Annotated[LF_TransmitterData, Name("LF_TransmitterSetupData")] | None = None
    lf_receiver_setup_data: Annotated[LF_ReceiverData, Name("LF_ReceiverSetupData")] | None = None


class LF_TxData(Message):
    """The power one antenna sends with (EIRP, dBm)."""

    tx_identifier: NumericID
    eirp: RationalNumber


class LF_TxDataList(Message):
    """What was sent."""

    wpt_lf_tx_data_list: Annotated[LF_TxData, Name("WPT_LF_TxDataList")]


class LF_RxRSSI(Message):
    """How strongly one sending antenna was heard (dBm)."""

    tx_identifier: NumericID
    rssi: RationalNumber


class LF_RxRSSIList(Message):
    """What one listening antenna heard."""

    rssi_data_list: LF_RxRSSI


class LF_RxData(Message):
    """Signal strengths at one listening antenna."""

    rx_identifier: NumericID
    rssi_data: LF_RxRSSIList


class LF_RxDataList(Message):
    """What was heard."""

    wpt_lf_rx_data_list: Annotated[LF_RxData, Name("WPT_LF_RxDataList")]


class LF_DataPackage(Message):
    """One package of the fine positioning: sent or heard."""

    choice = (("lf_tx_data", "lf_rx_data"),)

    package_index: UnsignedByte
    lf_tx_data: Annotated[LF_TxDataList, Name("LF_TxData")] | None = None
    lf_rx_data: Annotated[LF_RxDataList, Name("LF_RxData")] | None = None


class LF_DataPackageList(Message):
    """The packages since the last message."""

    num_packages: UnsignedByte
    wpt_lf_data_package: Annotated[LF_DataPackage, Name("WPT_LF_DataPackage")]


class AlternativeSECC(Message):
    """Another charger that the vehicle may really stand over."""

    ssid: Identifier | None = None
    bssid: BSSID | None = None
    ip_address: IPAddress | None = None
    port: UnsignedShort | None = None


class AlternativeSECCList(Message):
    """Other chargers nearby."""

    alternative_secc: Annotated[tuple[AlternativeSECC, ...], Occurs(1, 8)]


class EVPCPowerControlParameter(Message):
    """What the vehicle's power circuit wants and has: currents in A, voltage in V."""

    evpc_coil_current_request: RationalNumber
    evpc_coil_current_information: RationalNumber
    evpc_current_output_information: RationalNumber
    evpc_voltage_output_information: RationalNumber


class SPCPowerControlParameter(Message):
    """What the supply's power circuit has: current of the primary coil in A."""

    spc_primary_device_coil_current_information: RationalNumber


class WPT_FinePositioningSetupReq(Request):
    """The vehicle tells the ways of positioning, pairing and checking it knows."""

    ev_processing: Processing
    ev_device_fine_positioning_method_list: FinePositioningMethodList
    ev_device_pairing_method_list: PairingMethodList
    ev_device_alignment_check_method_list: AlignmentCheckMethodList
    natural_offset: UnsignedShort
    vendor_specific_data_container: Annotated[tuple[DataContainer, ...], Occurs(0, 16)] = ()
    lf_system_setup_data: Annotated[LF_SystemSetupData, Name("LF_SystemSetupData")] | None = None


class WPT_FinePositioningSetupRes(Response):
    """The charger tells the ways it knows."""

    primary_device_fine_positioning_method_list: FinePositioningMethodList
    primary_device_pairing_method_list: PairingMethodList
    primary_device_alignment_check_method_list: AlignmentCheckMethodList
    natural_offset: UnsignedShort
    vendor_specific_data_container: Annotated[tuple[DataContainer, ...], Occurs(0, 16)] = ()
    lf_system_setup_data: Annotated[LF_SystemSetupData, Name("LF_SystemSetupData")] | None = None


class WPT_FinePositioningReq(Request):
    """The vehicle on its way to the spot."""

    ev_processing: Processing
    ev_result_code: EVResult
    vendor_specific_data_container: Annotated[tuple[DataContainer, ...], Occurs(0, 16)] = ()
    wpt_lf_data_package_list: Annotated[LF_DataPackageList, Name("WPT_LF_DataPackageList")] | None = None


class WPT_FinePositioningRes(Response):
    """The charger's view of that way."""

    evse_processing: Processing
    vendor_specific_data_container: Annotated[tuple[DataContainer, ...], Occurs(0, 16)] = ()
    wpt_lf_data_package_list: Annotated[LF_DataPackageList, Name("WPT_LF_DataPackageList")] | None = None


class WPT_PairingReq(Request):
    """The vehicle tells what it has observed of the primary device."""

    ev_processing: Processing
    observed_id_code: NumericID | None = None
    ev_result_code: EVResult
    vendor_specific_data_container: Annotated[tuple[DataContainer, ...], Occurs(0, 16)] = ()


class WPT_PairingRes(Response):
    """The charger tells what it has observed, and who else it may be."""

    evse_processing: Processing
    observed_id_code: NumericID | None = None
    alternative_secc_list: AlternativeSECCList | None = None
    vendor_specific_data_container: Annotated[tuple[DataContainer, ...], Occurs(0, 16)] = ()


class WPT_ChargeParameterDiscoveryReq(ChargeParameterDiscoveryReq):
    """The vehicle's limits: power in W, ground clearance in mm, natural frequency in Hz."""

    evpc_max_receivable_power: RationalNumber
    sd_max_ground_clearence: UnsignedShort
    sd_min_ground_clearence: UnsignedShort
    evpc_natural_frequency: RationalNumber
    evpc_device_local_control: bool
    vendor_specific_data_container: Annotated[tuple[DataContainer, ...], Occurs(0, 16)] = ()


class WPT_ChargeParameterDiscoveryRes(ChargeParameterDiscoveryRes):
    """The charger's limits: power in W, ground clearance in mm, coil current in A."""

    pd_input_power_class: PowerClass
    sd_min_output_power: RationalNumber
    sd_max_output_power: RationalNumber
    sd_max_ground_clearance_support: UnsignedShort
    sd_min_ground_clearance_support: UnsignedShort
    pd_min_coil_current: RationalNumber
    pd_max_coil_current: RationalNumber
    sd_manufacturer_specific_data_container: Annotated[tuple[DataContainer, ...], Occurs(0, 16)] = ()


class WPT_AlignmentCheckReq(Request):
    """The vehicle asks for a little power, to see whether the coils face each other."""

    ev_processing: Processing
    target_coil_current: RationalNumber | None = None
    ev_result_code: EVResult
    vendor_specific_data_container: Annotated[tuple[DataContainer, ...], Occurs(0, 16)] = ()


class WPT_AlignmentCheckRes(Response):
    """The power sent for the check (W) and the current of the supply device (A)."""

    evse_processing: Processing
    power_transmitted: RationalNumber | None = None
    supply_device_current: RationalNumber | None = None
    vendor_specific_data_container: Annotated[tuple[DataContainer, ...], Occurs(0, 16)] = ()


class WPT_ChargeLoopReq(ChargeLoopReq):
    """The vehicle's turn in the charge loop: powers in W, frequency in Hz."""

    evpc_power_request: RationalNumber
    evpc_power_output: RationalNumber
    evpc_charge_diagnostics: EVPCChargeDiagnostics
    evpc_operating_frequency: RationalNumber | None = None
    evpc_power_control_parameter: EVPCPowerControlParameter | None = None
    manufacturer_specific_data_container: Annotated[tuple[DataContainer, ...], Occurs(0, 16)] = ()


class WPT_ChargeLoopRes(ChargeLoopRes):
    """The charger's turn in the charge loop: powers in W, frequency in Hz."""

    evpc_power_request: RationalNumber
    sd_power_input: RationalNumber | None = None
    spc_max_output_power_limit: RationalNumber
    spc_min_output_power_limit: RationalNumber
    spc_charge_diagnostics: SPCChargeDiagnostics
    spc_operating_frequency: RationalNumber | None = None
    spc_power_control_parameter: SPCPowerControlParameter | None = None
    manufacturer_specific_data_container: Annotated[tuple[DataContainer, ...], Occurs(0, 16)] = ()
